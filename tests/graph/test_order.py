"""The order in which resources are made."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.graph.recording import Graph, record
from tests.graph.stacks import local

CHAINS = [
    # KServe's chart makes a Certificate, which cert-manager's webhook must admit.
    ["Job/cert-manager-gate", "Release/kserve-resources", "Job/kserve-gate"],
    ["Release/kserve-crd", "Release/kserve-resources"],
    ["Release/cert-manager", "Job/cert-manager-gate"],
    # A runtime or a service before the gate would be refused by a webhook without endpoints.
    ["Job/kserve-gate", "ServingRuntime/mnist-classifier-pytorch", "InferenceService/mnist-classifier", "Job/mnist-classifier-smoke"],
    [
        "StatefulSet/minio",
        "Service/minio",
        "Job/model-store-bootstrap",
        "Job/mnist-classifier-weights",
        "InferenceService/mnist-classifier",
    ],
    ["Secret/mnist-classifier-storage", "ServiceAccount/mnist-classifier", "InferenceService/mnist-classifier"],
    ["Service/mnist-classifier", "InferenceService/mnist-classifier"],
    ["RoleBinding/mnist-classifier-smoke", "Job/mnist-classifier-smoke"],
    ["ConfigMap/mnist-classifier-smoke", "Job/mnist-classifier-smoke"],
]


@pytest.mark.parametrize(("earlier", "later"), [pair for chain in CHAINS for pair in pairwise(chain)])
def test_order(graph: Graph, earlier: str, later: str) -> None:
    assert graph.comes_after(later, earlier), f"{later} does not wait for {earlier}"


def test_every_namespaced_object_waits_for_a_namespace_of_ours(graph: Graph) -> None:
    ours = {resource.inputs["metadata"]["name"] for resource in graph.of_kind("Namespace")}
    assert ours == {"cert-manager", "envoy-gateway", "knative-serving", "kourier-system", "kserve", "minio"}
    for resource in graph:
        namespace = resource.inputs.get("metadata", {}).get("namespace") or resource.inputs.get("namespace")
        if resource.custom and namespace in ours:
            assert graph.comes_after(resource.key, f"Namespace/{namespace}"), f"{resource.key} does not wait for its namespace"


def test_the_store_does_not_wait_for_the_serving_controller(graph: Graph) -> None:
    assert not graph.comes_after("StatefulSet/minio", "Release/kserve-resources")
    assert not graph.comes_after("Release/kserve-resources", "StatefulSet/minio")


def test_the_crds_of_the_serving_controller_do_not_wait_for_certificates(graph: Graph) -> None:
    assert not graph.comes_after("Release/kserve-crd", "Release/cert-manager")


def test_nothing_depends_on_a_part_that_is_switched_off() -> None:
    graph = local(certManager={"enabled": False})
    assert not [resource.key for resource in graph if "cert-manager" in resource.name]
    assert graph.comes_after("Job/mnist-classifier-smoke", "Release/kserve-resources")


def test_a_platform_without_models_is_only_the_platform() -> None:
    graph = local(models={})
    assert not graph.of_kind("InferenceService", "ServingRuntime")
    assert graph.outputs == {"cluster": {}, "endpoints": {}}
    graph = record({"certManager": {"enabled": False}, "kserve": {"enabled": False}, "modelStore": {"enabled": False}})
    assert {resource.key for resource in graph} == {
        "kubernetes/cluster",
        "inference-platform:guard:Guard/destroy-guard",
        "RandomString/destroy-guard",
    }
