"""Components made of release manifests: every object a resource, in an order that works both ways, from where the mirror says."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from components.artifacts import Manifest, Mirror
from components.base import Component
from components.lock import Lock
from components.manifest_resources import register
from components.manifest_source import ManifestError
from components.manifests import Object, Objects
from components.platform.gateway_api import GatewayApi, GatewayApiArgs
from tests.graph.recording import Graph, record_component
from tests.release_manifests import definition, deployment, image, item, service, webhook, write


class Thing(Component):
    """Owns whatever objects a test gives it. Needs nothing."""

    def __init__(self, name: str, objects: list[Object], mirror: Mirror, protect: bool = False) -> None:
        super().__init__(name)
        register(Objects(objects, "thing"), mirror, self, name, 77, protect_definitions=protect)
        self.register_outputs({})


def recorded(objects: list[Object], mirror: Mirror | None = None, protect: bool = False) -> Graph:
    return record_component(lambda: Thing("thing", objects, mirror or Mirror(lock=Lock()), protect))


OBJECTS = [
    item("things.example/v1", "Widget", "custom"),
    webhook("hook", "a"),
    item("apiregistration.k8s.io/v1", "APIService", "v1.things.example"),
    deployment("controller", "a", "main"),
    service("hook", "a"),
    item("v1", "ConfigMap", "settings", "a"),
    item("v1", "Namespace", "a"),
    definition("widgets", "things.example"),
]


def test_the_order_of_the_phases_does_not_depend_on_the_order_in_the_file() -> None:
    for objects in (OBJECTS, OBJECTS[::-1]):
        graph = recorded(objects)
        order = [
            "CustomResourceDefinition/thing-customresourcedefinition-widgets.things.example",
            "Namespace/thing-namespace-a",
            "Service/thing-service-hook",
            "Deployment/thing-deployment-controller",
            "Widget/thing-widget-custom",
            "ValidatingWebhookConfiguration/thing-validatingwebhookconfiguration-hook",
        ]
        for earlier, later in pairwise(order):
            assert graph.comes_after(later, earlier), (later, earlier)
            assert not graph.comes_after(earlier, later)
        assert graph.comes_after("Deployment/thing-deployment-controller", "ConfigMap/thing-configmap-settings")
        assert graph.comes_after("APIService/thing-apiservice-v1.things.example", "Deployment/thing-deployment-controller")


def test_an_object_is_a_resource_of_the_providers_own_type_with_a_time_of_its_own() -> None:
    graph = recorded(OBJECTS)
    assert {resource.type for resource in graph if resource.custom} == {
        "kubernetes:things.example/v1:Widget",
        "kubernetes:admissionregistration.k8s.io/v1:ValidatingWebhookConfiguration",
        "kubernetes:apiregistration.k8s.io/v1:APIService",
        "kubernetes:apps/v1:Deployment",
        "kubernetes:core/v1:Service",
        "kubernetes:core/v1:ConfigMap",
        "kubernetes:core/v1:Namespace",
        "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition",
    }
    for resource in graph:
        if resource.custom:
            assert resource.create_timeout == "77s"
            assert resource.inputs["apiVersion"]
            assert resource.inputs["kind"] == resource.kind


def test_definitions_can_be_protected_and_nothing_else() -> None:
    assert {resource.kind for resource in recorded(OBJECTS, protect=True) if resource.protect} == {"CustomResourceDefinition"}
    assert not [resource for resource in recorded(OBJECTS) if resource.protect]


def test_images_come_from_where_the_mirror_says() -> None:
    workload = deployment("controller", "a", "main")
    workload["spec"]["template"]["spec"]["initContainers"] = [{"name": "first", "image": "ghcr.io/a/b:1"}]
    pod = recorded([workload], Mirror(registry="corp.example", lock=Lock())).of_kind("Deployment")[0].inputs["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"] == f"corp.example/{image('main')}"
    assert pod["initContainers"][0]["image"] == "corp.example/ghcr.io/a/b:1"


def test_an_image_that_cannot_be_pulled_is_named() -> None:
    workload = deployment("controller", "a", "main")
    workload["spec"]["template"]["spec"]["containers"][0]["image"] = "ghcr.io/a/b"
    with pytest.raises(ManifestError, match=r"thing: image 'ghcr\.io/a/b' has no tag"):
        recorded([workload])


def test_only_a_load_balancer_is_waited_for_among_services() -> None:
    balancer = {**service("outside", "a"), "spec": {"type": "LoadBalancer"}}
    graph = recorded([service("inside", "a"), balancer, deployment("controller", "a", "main")])
    assert graph.one("Service/thing-service-inside").inputs["metadata"]["annotations"] == {"pulumi.com/skipAwait": "true"}
    assert "annotations" not in graph.one("Service/thing-service-outside").inputs["metadata"]
    assert not graph.comes_after("Deployment/thing-deployment-controller", "Service/thing-service-outside")


def test_what_a_controller_writes_into_its_webhook_stays_no_conflict() -> None:
    (hook,) = recorded(OBJECTS).of_kind("ValidatingWebhookConfiguration")
    assert hook.inputs["metadata"]["annotations"] == {"pulumi.com/patchForce": "true"}


def test_two_objects_never_share_a_logical_name() -> None:
    twice = [item("rbac.authorization.k8s.io/v1", "Role", "one", "a"), item("rbac.authorization.k8s.io/v1", "Role", "one", "b")]
    with pytest.raises(ManifestError, match="thing: two objects would have the logical name thing-role-one"):
        recorded(twice)


def test_gateway_api_is_definitions_and_the_guard_of_their_version(tmp_path: Path) -> None:
    mirror = Mirror(manifests=str(write(tmp_path)), lock=Lock())
    graph = record_component(lambda: GatewayApi("gateway-api", GatewayApiArgs(mirror=mirror, protect=True)))
    definitions = graph.of_kind("CustomResourceDefinition")
    assert {each.inputs["metadata"]["name"] for each in definitions} == {
        "gateways.gateway.networking.k8s.io",
        "httproutes.gateway.networking.k8s.io",
    }
    assert all(each.protect for each in definitions)
    guard = "ValidatingAdmissionPolicy/gateway-api-validatingadmissionpolicy-safe-upgrades"
    assert all(graph.comes_after(guard, each.key) for each in definitions)


@pytest.mark.parametrize("name", ["gateway-api", "serving-core"])
def test_a_manifest_that_is_not_there_stops_the_program_with_its_name(tmp_path: Path, name: str) -> None:
    from components.platform.knative import Knative, KnativeArgs

    mirror = Mirror(manifests=str(tmp_path), lock=Lock())
    build: dict[str, Callable[[], Component]] = {
        "gateway-api": lambda: GatewayApi("gateway-api", GatewayApiArgs(mirror=mirror)),
        "serving-core": lambda: Knative("knative", KnativeArgs(mirror=mirror)),
    }
    with pytest.raises(ManifestError, match=name):
        record_component(build[name])


def test_a_manifests_url_has_its_version_once_in_the_pin() -> None:
    assert Manifest(name="a", version="1.2", url="https://x.example/v{version}/a-{version}.yaml").url == "https://x.example/v1.2/a-1.2.yaml"
