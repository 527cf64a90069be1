"""The gateway: its values, its objects, the namespaces that may attach routes, and its order."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from pydantic import ValidationError

from components import versions
from components.artifacts import Mirror
from components.platform.envoy_gateway import EnvoyGateway, EnvoyGatewayArgs
from components.scheduling import Toleration, Workload
from tests.graph.recording import Graph, record_component

RELEASE = "Release/gateway-helm"


def recorded(images: dict[str, str] | None = None, **args: Any) -> Graph:  # noqa: ANN401 - any argument of the component
    mirror = Mirror(images=images or {}, digests="drop")
    complete = {"route_namespaces": ["default"], "mirror": mirror, **args}
    return record_component(lambda: EnvoyGateway("envoy-gateway", EnvoyGatewayArgs(**complete)))


def values(graph: Graph) -> dict[str, Any]:
    found: dict[str, Any] = graph.one(RELEASE).inputs["values"]
    return found


def proxy_fields(graph: Graph) -> dict[str, Any]:
    found: dict[str, Any] = values(graph)["config"]["envoyGateway"]["envoyProxy"]["provider"]["kubernetes"]
    return found


def test_the_controller_then_the_class_then_the_gateway() -> None:
    graph = recorded()
    chain = ["Namespace/envoy-gateway", RELEASE, "GatewayClass/gatewayclass-envoy", "Gateway/gateway-inference"]
    for earlier, later in pairwise(chain):
        assert graph.comes_after(later, earlier), f"{later} does not wait for {earlier}"
    assert "namespace" not in graph.one("GatewayClass/gatewayclass-envoy").inputs["metadata"], "a GatewayClass has none"


def test_one_definition_of_its_own_is_installed_before_the_controller_asks_for_it() -> None:
    graph = recorded(protect=True)
    assert values(graph)["crds"] == {"enabled": False}
    assert not graph.of_kind("EnvoyProxy")
    (definition,) = graph.of_kind("CustomResourceDefinition")
    assert graph.comes_after(RELEASE, definition.key)
    assert definition.protect
    assert values(graph)["deployment"]["pod"]["annotations"] == {"inference-platform/definitions": definition.inputs["metadata"]["name"]}


def test_a_host_with_the_roots_dot_is_the_host_without_it() -> None:
    graph = recorded()
    policy, gateway = graph.one("ClientTrafficPolicy/client-traffic"), graph.one("Gateway/gateway-inference")
    (definition,) = graph.of_kind("CustomResourceDefinition")
    names, (version,) = definition.inputs["spec"]["names"], definition.inputs["spec"]["versions"]
    assert policy.inputs["apiVersion"] == f"{definition.inputs['spec']['group']}/{version['name']}"
    assert (policy.inputs["kind"], f"{names['plural']}.{definition.inputs['spec']['group']}") == (
        names["kind"],
        definition.inputs["metadata"]["name"],
    )
    assert policy.inputs["metadata"]["namespace"] == gateway.inputs["metadata"]["namespace"], "a policy reaches its own namespace only"
    assert policy.inputs["spec"] == {
        "targetRefs": [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": gateway.inputs["metadata"]["name"]}],
        "headers": {"host": {"stripTrailingHostDot": True}},
    }


def test_only_routes_of_the_services_namespaces_attach() -> None:
    graph = recorded(route_namespaces=["default", "team-a"])
    spec = graph.one("Gateway/gateway-inference").inputs["spec"]
    assert spec["gatewayClassName"] == graph.one("GatewayClass/gatewayclass-envoy").inputs["metadata"]["name"]
    (listener,) = spec["listeners"]
    assert (listener["protocol"], listener["port"]) == ("HTTP", 80)
    (rule,) = listener["allowedRoutes"]["namespaces"]["selector"]["matchExpressions"]
    assert rule == {"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["default", "team-a"]}
    assert listener["allowedRoutes"]["kinds"] == [{"kind": "HTTPRoute"}]


def test_a_gateway_for_nobody_is_refused() -> None:
    with pytest.raises(ValidationError):
        EnvoyGatewayArgs(route_namespaces=[], mirror=Mirror())


def test_nothing_outside_the_cluster_reaches_it_by_default() -> None:
    service = proxy_fields(recorded())["envoyService"]
    assert service == {"name": "inference-gateway", "type": "ClusterIP", "annotations": {}}


def test_an_internal_exposure_is_a_load_balancer_with_addresses_of_the_network_only() -> None:
    service = proxy_fields(recorded(exposure="internal"))["envoyService"]
    assert service["type"] == "LoadBalancer"
    assert service["annotations"]["service.beta.kubernetes.io/aws-load-balancer-internal"] == "true"
    assert service["annotations"]["service.beta.kubernetes.io/aws-load-balancer-scheme"] == "internal"


def test_its_address_is_the_proxies_service() -> None:
    made: list[EnvoyGateway] = []
    mirror = Mirror(digests="drop")
    graph = record_component(
        lambda: made.append(EnvoyGateway("envoy-gateway", EnvoyGatewayArgs(route_namespaces=["default"], mirror=mirror)))
    )
    service = proxy_fields(graph)["envoyService"]["name"]
    assert made[0].host == f"{service}.{made[0].namespace}.svc.cluster.local"
    gateway = graph.one("Gateway/gateway-inference").inputs["metadata"]
    assert (made[0].gateway, made[0].namespace) == (gateway["name"], gateway["namespace"])


def test_one_replica_has_no_budget_and_no_spread() -> None:
    graph = recorded()
    assert "podDisruptionBudget" not in values(graph)
    assert "envoyPDB" not in proxy_fields(graph)
    assert proxy_fields(graph)["envoyDeployment"]["pod"]["topologySpreadConstraints"] == []


def test_several_replicas_are_spread_and_leave_one_at_a_time() -> None:
    graph = recorded(workload=Workload(replicas=3))
    assert values(graph)["podDisruptionBudget"] == {"maxUnavailable": 1}
    assert proxy_fields(graph)["envoyPDB"]["maxUnavailable"] == 1
    deployments = (values(graph)["deployment"], proxy_fields(graph)["envoyDeployment"])
    for deployment in deployments:
        assert deployment["replicas"] == 3
        zones, hosts = deployment["pod"]["topologySpreadConstraints"]
        assert (zones["topologyKey"], hosts["topologyKey"]) == ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
    selectors = [deployment["pod"]["topologySpreadConstraints"][0]["labelSelector"]["matchLabels"] for deployment in deployments]
    assert selectors == [{"control-plane": "envoy-gateway"}, {"gateway.envoyproxy.io/owning-gateway-name": "inference"}]


def test_all_its_pods_run_where_the_workload_says() -> None:
    workload = Workload(node_selector={"role": "system"}, tolerations=[Toleration(key="dedicated")], timeout_seconds=400)
    graph = recorded(workload=workload)
    found = values(graph)
    for pod in (found["deployment"]["pod"], found["certgen"]["job"], proxy_fields(graph)["envoyDeployment"]["pod"]):
        assert pod["nodeSelector"] == {"role": "system"}
        assert pod["tolerations"] == [{"key": "dedicated", "operator": "Exists"}]
    assert graph.one(RELEASE).inputs["timeout"] == 400


def test_both_images_are_pinned_and_come_from_the_mirror() -> None:
    graph = recorded(images={"docker.io": "corp.example:5000/hub"})
    image = values(graph)["deployment"]["envoyGateway"]["image"]
    assert f"{image['repository']}:{image['tag']}" == versions.ENVOY_GATEWAY.reference.replace("docker.io", "corp.example:5000/hub")
    proxy = proxy_fields(graph)["envoyDeployment"]["container"]["image"]
    assert proxy == versions.ENVOY_PROXY.reference.replace("docker.io", "corp.example:5000/hub")
