"""KEDA: how its controllers run, and when it is ready."""

from __future__ import annotations

from typing import Any

import pytest

from components.artifacts import Mirror
from components.lock import Lock
from components.platform.keda import Keda, KedaArgs
from components.scheduling import Quantities, Resources, Workload
from tests.graph.recording import Graph, record_component
from tests.release_manifests import RESOURCES as UPSTREAM_RESOURCES
from tests.release_manifests import write

RESOURCES = Resources(requests=Quantities(memory="1Gi"), limits=Quantities(memory="2Gi"))


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    mirror = Mirror(manifests=str(write(tmp_path_factory.mktemp("manifests"))), lock=Lock())
    workload = Workload(replicas=2, resources=RESOURCES)
    return record_component(lambda: Keda("keda", KedaArgs(mirror=mirror, workload=workload, protect=True)))


def containers(graph: Graph) -> dict[str, dict[str, Any]]:
    found = (deployment.inputs["spec"]["template"]["spec"]["containers"][0] for deployment in graph.of_kind("Deployment"))
    return {container["name"]: container for container in found}


def test_a_pinned_image_is_not_asked_for_at_every_start(graph: Graph) -> None:
    assert {container["imagePullPolicy"] for container in containers(graph).values()} == {"IfNotPresent"}


def test_resources_are_the_operators(graph: Graph) -> None:
    assert containers(graph)["keda-operator"]["resources"] == RESOURCES.fields()
    assert containers(graph)["keda-metrics-apiserver"]["resources"] == UPSTREAM_RESOURCES


def test_every_controller_has_its_replicas_and_a_budget(graph: Graph) -> None:
    deployments = graph.of_kind("Deployment")
    assert [deployment.inputs["spec"]["replicas"] for deployment in deployments] == [2, 2, 2]
    assert {budget.inputs["metadata"]["name"] for budget in graph.of_kind("PodDisruptionBudget")} == {
        deployment.inputs["metadata"]["name"] for deployment in deployments
    }


def test_the_namespace_is_ours_restricted_and_there_first(graph: Graph) -> None:
    (namespace,) = graph.of_kind("Namespace")
    assert namespace.inputs["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert all(graph.comes_after(deployment.key, namespace.key) for deployment in graph.of_kind("Deployment"))


def test_definitions_are_protected(graph: Graph) -> None:
    assert {resource.kind for resource in graph if resource.protect} == {"CustomResourceDefinition"}


def test_its_metrics_api_is_there_only_while_its_pods_are(graph: Graph) -> None:
    api = "APIService/keda-apiservice-v1beta1.external.metrics.k8s.io"
    assert graph.comes_after(api, "Deployment/keda-deployment-keda-metrics-apiserver")


def test_it_is_ready_when_its_metrics_api_answers(graph: Graph) -> None:
    job = graph.one("Job/keda-gate")
    env = {each["name"]: each["value"] for each in job.inputs["spec"]["template"]["spec"]["containers"][0]["env"]}
    assert env["API"] == "external.metrics.k8s.io/v1beta1"
    assert int(env["PATIENCE_SECONDS"]) < job.inputs["spec"]["activeDeadlineSeconds"]
    assert not [role.key for role in graph.of_kind("Role", "RoleBinding") if role.name == "keda-gate"], "every identity may ask for APIs"
    for resource in graph.of_kind("APIService", "Deployment", "ValidatingWebhookConfiguration"):
        assert graph.comes_after(job.key, resource.key), resource.key
