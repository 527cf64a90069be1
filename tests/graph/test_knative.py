"""Knative Serving and its ingress: what is set, where it is reached, and how its controllers run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from components import versions
from components.artifacts import Mirror
from components.lock import Lock
from components.manifest_source import ManifestError
from components.platform.knative import Knative, KnativeArgs
from components.scheduling import Quantities, Resources, Workload
from tests.graph.recording import Graph, record_component
from tests.release_manifests import RESOURCES as UPSTREAM_RESOURCES
from tests.release_manifests import image, write

GATEWAY = "3scale-kourier-gateway"


@pytest.fixture(scope="module")
def manifests(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write(tmp_path_factory.mktemp("manifests")))


@pytest.fixture(scope="module")
def plain(manifests: str) -> Graph:
    return recorded(manifests)


def recorded(manifests: str, mirror: dict[str, Any] | None = None, **args: Any) -> Graph:  # noqa: ANN401 - KnativeArgs' own
    place = Mirror(manifests=manifests, lock=Lock(), **(mirror or {}))
    return record_component(lambda: Knative("knative", KnativeArgs(mirror=place, **args)))


def data(graph: Graph, name: str) -> dict[str, str]:
    found: dict[str, str] = graph.one(f"ConfigMap/knative-configmap-config-{name}").inputs["data"]
    return found


def workload(graph: Graph, name: str) -> dict[str, Any]:
    found: dict[str, Any] = graph.one(f"Deployment/knative-deployment-{name}").inputs["spec"]
    return found


def test_what_pods_of_inference_services_have_is_allowed(plain: Graph) -> None:
    features = data(plain, "features")
    for name in ("nodeselector", "tolerations", "affinity", "topologyspreadconstraints", "init-containers", "securitycontext", "fieldref"):
        assert features[f"kubernetes.podspec-{name}"] == "enabled"
    assert features["tag-header-based-routing"] == "enabled"
    assert "kubernetes.podspec-persistent-volume-write" not in features
    assert not [name for name in features if "host" in name], "nothing of the node itself"


def test_settings_stand_beside_the_example_that_a_checksum_guards(plain: Graph) -> None:
    for name in ("features", "deployment", "defaults", "domain", "network", "observability"):
        assert "_example" in data(plain, name), name
    assert data(plain, "features")["_example"] == "text\n"
    assert data(plain, "logging") == {"_example": "text\n"}


def test_prometheus_can_read_its_metrics_which_are_off_by_default(plain: Graph) -> None:
    settings = data(plain, "observability")
    assert (settings["metrics-protocol"], settings["request-metrics-protocol"]) == ("prometheus", "prometheus")


def test_slow_models_and_nodes_on_their_way_are_no_failure(manifests: str, plain: Graph) -> None:
    assert data(plain, "deployment")["progress-deadline"] == "1800s"
    assert data(plain, "deployment")["pod-is-always-schedulable"] == "true"
    assert data(recorded(manifests, progress_deadline_seconds=90), "deployment")["progress-deadline"] == "90s"


def test_the_activator_outlives_the_longest_request(manifests: str) -> None:
    graph = recorded(manifests, max_request_seconds=900)
    assert data(graph, "defaults")["max-revision-timeout-seconds"] == "900"
    assert workload(graph, "activator")["template"]["spec"]["terminationGracePeriodSeconds"] > 900


def test_tags_are_not_resolved_where_nodes_pull_from_a_mirror(manifests: str, plain: Graph) -> None:
    key = "registries-skipping-tag-resolving"
    assert data(plain, "deployment")[key] == "dev.local,kind.local,ko.local"
    mirror = {"registry": "corp.example:5000/mirror", "images": {"quay.io/": "ecr.example/quay/"}}
    graph = recorded(manifests, mirror, skipped_registries=["docker.io"])
    assert set(data(graph, "deployment")[key].split(",")) == {
        "corp.example:5000",
        "ecr.example",
        "index.docker.io",
        "dev.local",
        "kind.local",
        "ko.local",
    }


def test_the_queue_proxy_comes_from_the_mirror_too(manifests: str) -> None:
    graph = recorded(manifests, {"registry": "corp.example"})
    assert data(graph, "deployment")["queue-sidecar-image"] == f"corp.example/{image('queue')}"
    assert graph.one("Image/knative-image-queue-proxy").inputs["spec"]["image"] == f"corp.example/{image('queue')}"


def test_nothing_is_exposed_unless_asked_and_then_inside_the_network_only(manifests: str, plain: Graph) -> None:
    assert {service.inputs["spec"].get("type", "ClusterIP") for service in plain.of_kind("Service")} == {"ClusterIP"}
    graph = recorded(manifests, exposure="internal")
    (balancer,) = [service for service in graph.of_kind("Service") if service.inputs["spec"].get("type") == "LoadBalancer"]
    assert balancer.name == "knative-service-kourier"
    annotations = balancer.inputs["metadata"]["annotations"]
    assert annotations["service.beta.kubernetes.io/aws-load-balancer-internal"] == "true"
    assert annotations["service.beta.kubernetes.io/aws-load-balancer-scheme"] == "internal"


def test_kourier_runs_a_fixed_envoy(plain: Graph) -> None:
    (envoy,) = workload(plain, GATEWAY)["template"]["spec"]["containers"]
    assert envoy["image"] == versions.ENVOY_PROXY.reference
    assert data(plain, "network")["ingress-class"] == "kourier.ingress.networking.knative.dev"


def test_a_gateway_waits_for_its_clients_to_leave_without_a_program_that_its_image_lacks(plain: Graph) -> None:
    pod = workload(plain, GATEWAY)["template"]["spec"]
    (hook,) = pod["containers"][0]["lifecycle"].values()
    assert hook["sleep"]["seconds"] < pod["terminationGracePeriodSeconds"]


def test_each_number_of_replicas_has_one_owner(manifests: str) -> None:
    graph = recorded(manifests, workload=Workload(replicas=2))
    for name in ("activator", "webhook", GATEWAY):
        assert "replicas" not in workload(graph, name), name
        assert graph.one(f"HorizontalPodAutoscaler/knative-horizontalpodautoscaler-{name}").inputs["spec"]["minReplicas"] == 2
    for name in ("controller", "autoscaler", "net-kourier-controller"):
        assert workload(graph, name)["replicas"] == 2, name
    budgets = graph.of_kind("PodDisruptionBudget")
    assert len(budgets) == len(graph.of_kind("Deployment"))
    assert all(budget.inputs["spec"]["maxUnavailable"] == 1 for budget in budgets)


def test_a_single_replica_has_no_budget_that_blocks_a_drain(plain: Graph) -> None:
    assert not plain.of_kind("PodDisruptionBudget")


def test_resources_are_those_of_both_controllers(manifests: str) -> None:
    resources = Resources(requests=Quantities(cpu="1", memory="1Gi"), limits=Quantities(memory="2Gi"))
    graph = recorded(manifests, workload=Workload(resources=resources, timeout_seconds=99))
    for name in ("controller", "net-kourier-controller"):
        assert workload(graph, name)["template"]["spec"]["containers"][0]["resources"] == resources.fields()
    assert workload(graph, "activator")["template"]["spec"]["containers"][0]["resources"] == UPSTREAM_RESOURCES
    assert graph.one("Deployment/knative-deployment-controller").create_timeout == "99s"


def test_namespaces_are_ours_and_restricted(plain: Graph) -> None:
    namespaces = plain.of_kind("Namespace")
    assert {namespace.name for namespace in namespaces} == {"knative-serving", "kourier-system"}
    for namespace in namespaces:
        assert namespace.inputs["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
        for resource in plain.of_kind("Deployment", "ConfigMap", "Service", "ServiceAccount"):
            if resource.inputs["metadata"]["namespace"] == namespace.name:
                assert plain.comes_after(resource.key, namespace.key), resource.key


def test_it_is_ready_when_its_webhook_has_admitted_a_service(plain: Graph) -> None:
    job = plain.one("Job/knative-gate")
    env = {each["name"]: each["value"] for each in job.inputs["spec"]["template"]["spec"]["containers"][0]["env"]}
    assert (env["WEBHOOK_SERVICE"], env["PLURAL"], json.loads(env["SAMPLE"])["kind"]) == ("webhook", "services", "Service")
    for resource in plain.of_kind("ValidatingWebhookConfiguration", "Deployment", "CustomResourceDefinition", "Image"):
        assert plain.comes_after(job.key, resource.key), resource.key


def test_a_release_that_lacks_what_is_set_is_refused_by_name(tmp_path: Path) -> None:
    path = write(tmp_path) / "serving-core-1.21.1.yaml"
    path.write_text(path.read_text().replace("config-features", "config-renamed"))
    with pytest.raises(ManifestError, match=r"serving-core 1\.21\.1 and kourier 1\.21\.0: 0 objects are ConfigMap config-features"):
        recorded(str(tmp_path))
