"""dev and prod come up and go down in order: services, controllers, definitions, nodes, network. The rules are tests/graph/layers.py's."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from itertools import pairwise

import pytest

from tests.graph.layers import RULES, Layer, Order
from tests.graph.recording import Graph, Resource
from tests.graph.stacks import STACKS, recorded


@pytest.fixture(scope="module", params=STACKS)
def graph(request: pytest.FixtureRequest) -> Graph:
    return recorded(request.param)


def changed(graph: Graph, resource: Resource) -> Graph:
    found = copy(graph)
    found.resources = {**graph.resources, resource.urn: resource}
    return found


@pytest.mark.parametrize("rule", RULES)
def test_nothing_outlives_what_it_needs_to_go(graph: Graph, rule: str) -> None:
    assert list(getattr(Order(graph), rule)()) == []


def test_every_layer_is_there(graph: Graph) -> None:
    order = Order(graph)
    counts = {layer.name: len(order.of(layer)) for layer in Layer if layer is not Layer.ENDPOINTS}  # all models of these stacks are pods
    assert all(counts.values()), counts
    assert sum(counts.values()) == len([resource for resource in graph if resource.custom])


def test_a_destroy_goes_through_the_layers_from_the_top(graph: Graph) -> None:
    """Each in the engine's own rounds: a resource goes in the first one after everything that waits for it."""
    order = Order(graph)
    depth: dict[str, int] = {}
    for urn, ahead in order.ahead.items():
        depth[urn] = 1 + max((depth[each] for each in ahead), default=0)
    active = {
        "services": [graph.one("InferenceService/mnist-classifier"), *graph.of_kind("ScaledObject", "HTTPRoute")],
        "controllers": [graph.one("Release/kserve-resources")],
        "definitions": [graph.one("Release/kserve-crd")],
        "nodes": graph.of_kind("NodeGroup"),
        "control plane": graph.of_kind("Cluster"),
        "network": order.of(Layer.NETWORK),
    }
    rounds = [[depth[resource.urn] for resource in resources] for resources in active.values()]
    for upper, lower in pairwise(rounds):
        assert min(upper) > max(lower)


@pytest.mark.parametrize(
    "key",
    [
        "InferenceService/smollm-text-generation",
        "ScaledObject/smollm-text-generation-predictor",
        "HTTPRoute/mnist-classifier",
        "ServingRuntime/mnist-classifier-pytorch",
        "PodMonitor/mnist-classifier-metrics",
        "Gateway/gateway-inference",
        "Release/gateway-helm",
        "Release/kserve-resources",
        "Release/kube-prometheus-stack",
        "Release/cluster-autoscaler",
        "Image/knative-image-queue-proxy",
        "Job/kserve-gate",
        "Job/keda-gate",
        "Deployment/knative-deployment-controller",
        "ServiceMonitor/minio-metrics",
        "kubernetes/cluster",
        "Addon/aws-ebs-csi-driver",
        "Addon/vpc-cni",
        "NodeGroup/gpu",
        "NodeGroup/system",
        "PodIdentityAssociation/cluster-autoscaler",
        "Cluster/cluster",
    ],
)
def test_an_edge_that_is_lost_is_found(key: str) -> None:
    graph = recorded("dev")
    loose = replace(graph.one(key), depends_on=frozenset())
    assert any(mistake.startswith(f"{key} → ") for mistake in Order(changed(graph, loose)).mistakes())


def test_a_network_that_waits_for_the_cluster_is_found() -> None:
    graph = recorded("dev")
    provider, route = graph.one("kubernetes/cluster"), graph.one("Gateway/gateway-inference")
    early = replace(
        route, provider=f"{provider.urn}::id", type="aws:ec2/route:Route", parent=graph.one("inference-platform:aws:Network/network").urn
    )
    assert any("which is above it" in mistake for mistake in Order(changed(graph, early)).mistakes())


def test_what_no_table_knows_is_not_passed_over() -> None:
    graph = recorded("dev")
    release = graph.one("Release/gpu-operator")
    found = Order(changed(graph, replace(release, type="kubernetes:example.com/v1:Gizmo"))).mistakes()
    assert "kubernetes:example.com/v1:Gizmo of platform:GpuOperator is in no table" in found
    component = graph.one("inference-platform:platform:GpuOperator/gpu-operator")
    with pytest.raises(KeyError, match="platform:Novelty"):
        Order(changed(graph, replace(component, type="inference-platform:platform:Novelty")))


def test_a_circle_is_found() -> None:
    graph = recorded("dev")
    first, last = graph.of_kind("Vpc")[0], graph.of_kind("InferenceService")[0]
    with pytest.raises(KeyError):
        Order(changed(graph, replace(first, depends_on=frozenset({last.urn}))))


def test_a_destroy_begins_at_the_guard_alone(graph: Graph) -> None:
    """So `pulumi destroy --skip-preview` of a protected stack deletes nothing: the guard is refused before anything else has its turn."""
    order = Order(graph)
    guard = graph.one("RandomString/destroy-guard")
    assert not order.lacking([guard], order.custom)
    assert not [resource.key for resource in order.custom if guard.urn in order.ahead[resource.urn]]


def test_the_guard_is_protected_where_data_is() -> None:
    assert recorded("prod").one("RandomString/destroy-guard").protect
    assert not recorded("dev").one("RandomString/destroy-guard").protect
