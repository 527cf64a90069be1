"""KServe's controller: how it runs, when it restarts, and what comes before it."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi_kubernetes.core.v1 import Namespace
from pydantic import ValidationError

from components.artifacts import Mirror
from components.platform.kserve import KServe, KServeArgs
from components.scheduling import Quantities, Resources, Toleration, Workload
from tests.graph.recording import Graph, record_component

RELEASE = "Release/kserve-resources"
CONTROLLER = "kserve-controller-manager"


def recorded(**args: Any) -> Graph:  # noqa: ANN401 - any argument of the component
    return record_component(lambda: KServe("kserve", KServeArgs(mirror=Mirror(), **args), None))


def controller(graph: Graph) -> dict[str, Any]:
    found: dict[str, Any] = graph.one(RELEASE).inputs["values"]["kserve"]["controller"]
    return found


def test_the_controller_starts_after_the_apis_that_it_looks_for_only_then() -> None:
    graph = record_component(lambda: KServe("kserve", KServeArgs(mirror=Mirror()), None, after=[Namespace("knative"), None]))
    assert graph.comes_after(RELEASE, "Namespace/knative")


def test_another_set_of_apis_restarts_it() -> None:
    def annotations(*apis: str) -> object:
        return controller(recorded(optional_apis=list(apis))).get("podAnnotations")

    assert annotations() is None
    assert annotations("keda 2.21.0", "knative 1.21.1") == annotations("knative 1.21.1", "keda 2.21.0")
    assert annotations("keda 2.21.0") != annotations("keda 2.22.0")


def test_it_leaves_services_that_are_named_as_ours_alone() -> None:
    found = controller(recorded())
    assert found["gateway"] == {"disableIngressCreation": True, "disableIstioVirtualHost": True}
    assert found["deploymentMode"] == "Standard"


def test_one_replica_needs_no_objects_of_ours() -> None:
    assert not recorded().of_kind("HorizontalPodAutoscaler", "PodDisruptionBudget")


def test_several_replicas_are_owned_by_an_autoscaler_and_leave_one_at_a_time() -> None:
    graph = recorded(workload=Workload(replicas=2))
    scaler = graph.one(f"HorizontalPodAutoscaler/{CONTROLLER}")
    assert (scaler.inputs["spec"]["minReplicas"], scaler.inputs["spec"]["maxReplicas"]) == (2, 2)
    assert scaler.inputs["spec"]["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": CONTROLLER}
    budget = graph.one(f"PodDisruptionBudget/{CONTROLLER}").inputs["spec"]
    zones, _ = controller(graph)["topologySpreadConstraints"]
    assert budget == {"maxUnavailable": 1, "selector": zones["labelSelector"]}
    assert graph.comes_after(scaler.key, RELEASE)


def test_it_runs_where_and_as_the_workload_says() -> None:
    resources = Resources(requests=Quantities(cpu="500m", memory="512Mi"), limits=Quantities(cpu="2", memory="2Gi"))
    workload = Workload(
        node_selector={"role": "system"}, tolerations=[Toleration(key="dedicated")], resources=resources, timeout_seconds=500
    )
    graph = recorded(workload=workload)
    found = controller(graph)
    assert found["nodeSelector"] == {"role": "system"}
    assert found["tolerations"] == [{"key": "dedicated", "operator": "Exists"}]
    assert found["resources"] == resources.fields()
    assert graph.one(RELEASE).inputs["timeout"] == 500


def test_the_download_of_a_model_gets_what_it_needs() -> None:
    assert "resources" not in recorded().one(RELEASE).inputs["values"]["kserve"]["storage"]
    resources = Resources(requests=Quantities(memory="1Gi"), limits=Quantities(cpu="2", memory="4Gi"))
    storage = recorded(storage_resources=resources).one(RELEASE).inputs["values"]["kserve"]["storage"]
    assert storage["resources"] == resources.fields()


@pytest.mark.parametrize("place", ["workload", "storage_resources"])
def test_resources_that_the_charts_cpu_limit_would_contradict_are_refused(place: str) -> None:
    resources = Resources(requests=Quantities(cpu="2", memory="1Gi"), limits=Quantities(memory="1Gi"))
    with pytest.raises(ValidationError, match=r"limits\.cpu is needed"):
        KServeArgs.model_validate({"mirror": Mirror(), place: Workload(resources=resources) if place == "workload" else resources})
