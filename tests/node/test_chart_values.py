"""The charts that are Go modules do what our values are meant to make them do: rendered with exactly the recorded values."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import pytest
import yaml

from bench import charts
from bench.mirror import MIRROR
from components import versions
from components.artifacts import Image, Mirror
from components.lock import Lock, Locked
from components.platform.cert_manager import CertManager, CertManagerArgs
from components.platform.envoy_gateway import EnvoyGateway, EnvoyGatewayArgs
from components.platform.kserve import SELECTOR, KServe, KServeArgs
from components.scheduling import Quantities, Resources, Toleration, Workload
from tests.graph.recording import Graph, Resource, record_component
from tests.node.recorded_stacks import STACKS, recorded
from tests.node.rendered_charts import Rendered, unknown_keys

pytestmark = [pytest.mark.node, pytest.mark.parts]

REGISTRY = "registry.example:5000/mirror"
RESOURCES = Resources(requests=Quantities(cpu="150m", memory="400Mi"), limits=Quantities(cpu="2", memory="2Gi"))
TOLERATION = Toleration(key="dedicated", operator="Equal", value="system", effect="NoSchedule")
WORKLOADS = {
    "single": Workload(),
    "three": Workload(replicas=3, resources=RESOURCES, tolerations=[TOLERATION], node_selector={"role": "system"}),
}

BUILDERS: Mapping[str, Callable[[Mirror, Workload], object]] = {
    "cert-manager": lambda mirror, workload: CertManager("cert-manager", CertManagerArgs(mirror=mirror, workload=workload)),
    "kserve-resources": lambda mirror, workload: KServe("kserve", KServeArgs(mirror=mirror, workload=workload), None),
    "gateway-helm": lambda mirror, workload: EnvoyGateway(
        "envoy-gateway", EnvoyGatewayArgs(mirror=mirror, workload=workload, route_namespaces=["default"])
    ),
}
MAIN = {
    "cert-manager": ("cert-manager", "cert-manager-controller"),
    "kserve-resources": ("kserve-controller-manager", "manager"),
    "gateway-helm": ("envoy-gateway", "envoy-gateway"),
}
"""Chart → Deployment and container that the workload's resources are for."""


def locked() -> Lock:
    """Every image that is pinned, each with a digest of its own."""
    pins = [pin for pin in vars(versions).values() if isinstance(pin, Image)]
    return Lock(artifacts={pin.address: Locked(digest=digest(pin), source="this test") for pin in pins})


def digest(pin: Image) -> str:
    return f"sha256:{hashlib.sha256(pin.address.encode()).hexdigest()}"


def mirrored(pin: Image) -> str:
    return f"{REGISTRY}/{pin.reference}@{digest(pin)}"


@cache
def graph(chart: str, workload: str = "three") -> Graph:
    mirror = Mirror(registry=REGISTRY, lock=locked(), manifests=str(MIRROR / "manifests"))
    return record_component(lambda: BUILDERS[chart](mirror, WORKLOADS[workload]))


@cache
def rendered(chart: str, workload: str = "three") -> Rendered:
    return Rendered(graph(chart, workload).one(f"Release/{chart}"))


def releases(stack: str) -> list[Resource]:
    """Those whose charts the bench can make."""
    names = {chart.name for chart in charts.TABLE}
    return [release for release in recorded(stack).of_kind("Release") if release.inputs["name"] in names]


@pytest.mark.parametrize("stack", STACKS)
def test_the_charts_of_a_stack_know_and_take_its_values(stack: str) -> None:
    assert releases(stack)
    for release in releases(stack):
        assert unknown_keys(release) == [], release.key
        assert Rendered(release).objects


@pytest.mark.parametrize("chart", BUILDERS)
def test_no_value_is_unknown_to_its_chart(chart: str) -> None:
    assert unknown_keys(graph(chart).one(f"Release/{chart}")) == []


def test_an_unknown_value_would_be_found() -> None:
    release = graph("kserve-resources").one("Release/kserve-resources")
    release = Resource(**{**vars(release), "inputs": {**release.inputs, "values": {"kserve": {"controler": {}}, "replicas": 1}}})
    assert unknown_keys(release) == ["kserve.controler", "replicas"]


@pytest.mark.parametrize(
    ("chart", "pins"),
    [
        ("cert-manager", [versions.CERT_MANAGER_CONTROLLER, versions.CERT_MANAGER_WEBHOOK, versions.CERT_MANAGER_CAINJECTOR]),
        ("kserve-resources", [versions.KSERVE_CONTROLLER, versions.KUBE_RBAC_PROXY]),
        ("gateway-helm", [versions.ENVOY_GATEWAY]),
    ],
)
def test_every_image_is_the_mirror_s_by_digest(chart: str, pins: list[Image]) -> None:
    assert set(rendered(chart).images) == {mirrored(pin) for pin in pins}


@pytest.mark.parametrize("chart", BUILDERS)
def test_every_pod_may_run_where_the_workload_says_and_nowhere_else(chart: str) -> None:
    for name, pod in rendered(chart).pods.items():
        # cert-manager adds what its images run on.
        assert pod["spec"]["nodeSelector"].items() >= {"role": "system"}.items(), name
        assert pod["spec"]["tolerations"] == [TOLERATION.fields()], name


@pytest.mark.parametrize("chart", BUILDERS)
def test_replicas_are_spread_and_leave_one_at_a_time(chart: str) -> None:
    found, own = rendered(chart), graph(chart)
    budgets = [*found.of_kind("PodDisruptionBudget").values(), *(each.inputs for each in own.of_kind("PodDisruptionBudget"))]
    for name, deployment in found.of_kind("Deployment").items():
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        spread = deployment["spec"]["template"]["spec"]["topologySpreadConstraints"]
        assert {each["topologyKey"] for each in spread} == {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}, name
        assert all(selects(each["labelSelector"], labels) for each in spread), f"{name}: its spread counts other pods"
        (budget,) = (each for each in budgets if selects(each["spec"]["selector"], labels))
        assert budget["spec"]["maxUnavailable"] == 1
        assert "minAvailable" not in budget["spec"]
        assert replicas(own, deployment) == 3, name


def replicas(own: Graph, deployment: dict[str, Any]) -> int:
    """The replicas of a Deployment; if it names none, those of the autoscaler that owns them."""
    if (own_number := deployment["spec"].get("replicas")) is not None:
        return int(own_number)
    (scaler,) = own.of_kind("HorizontalPodAutoscaler")
    spec = scaler.inputs["spec"]
    assert spec["scaleTargetRef"]["name"] == deployment["metadata"]["name"]
    assert spec["minReplicas"] == spec["maxReplicas"]
    return int(spec["minReplicas"])


def selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    wanted: dict[str, str] = selector["matchLabels"]
    return bool(wanted) and wanted.items() <= labels.items()


@pytest.mark.parametrize("chart", BUILDERS)
def test_the_main_controller_gets_the_workload_s_resources(chart: str) -> None:
    deployment, name = MAIN[chart]
    containers = {each["name"]: each for each in rendered(chart).pods[deployment]["spec"]["containers"]}
    assert containers[name]["resources"] == RESOURCES.fields()


@pytest.mark.parametrize("chart", BUILDERS)
def test_a_single_replica_has_no_budget_that_could_block_a_drain(chart: str) -> None:
    single = rendered(chart, "single")
    assert not single.of_kind("PodDisruptionBudget")
    for deployment in single.of_kind("Deployment").values():
        assert deployment["spec"].get("replicas", 1) == 1
        assert not deployment["spec"]["template"]["spec"].get("topologySpreadConstraints")


def test_cert_manager_brings_crds_that_go_with_it_and_no_job_of_its_own() -> None:
    definitions = rendered("cert-manager").of_kind("CustomResourceDefinition")
    assert "certificates.cert-manager.io" in definitions
    assert not [name for name, item in definitions.items() if "helm.sh/resource-policy" in item["metadata"].get("annotations", {})]
    assert not rendered("cert-manager").of_kind("Job")


def test_cert_manager_leaves_no_lease_in_a_namespace_that_outlives_it() -> None:
    for deployment in ("cert-manager", "cert-manager-cainjector"):
        (container,) = rendered("cert-manager").pods[deployment]["spec"]["containers"]
        assert "--leader-election-namespace=cert-manager" in container["args"]


def test_cert_manager_solves_challenges_with_the_mirror_s_image() -> None:
    (controller,) = rendered("cert-manager").pods["cert-manager"]["spec"]["containers"]
    assert f"--acme-http01-solver-image={mirrored(versions.CERT_MANAGER_ACMESOLVER)}" in controller["args"]


def test_kserve_downloads_models_with_the_mirror_s_image_and_leaves_routes_to_us() -> None:
    settings = rendered("kserve-resources").of_kind("ConfigMap")["inferenceservice-config"]["data"]
    assert json.loads(settings["storageInitializer"])["image"] == mirrored(versions.KSERVE_STORAGE_INITIALIZER)
    ingress = json.loads(settings["ingress"])
    assert (ingress["disableIngressCreation"], ingress["disableIstioVirtualHost"]) == (True, True)
    assert json.loads(settings["deploy"])["defaultDeploymentMode"] == "Standard"


def test_kserve_s_controller_is_what_its_budget_and_autoscaler_mean() -> None:
    assert selects({"matchLabels": SELECTOR}, rendered("kserve-resources").pods["kserve-controller-manager"]["metadata"]["labels"])


def test_envoy_gateway_brings_neither_crds_nor_a_webhook_on_every_pod() -> None:
    assert not rendered("gateway-helm").of_kind("CustomResourceDefinition", "MutatingWebhookConfiguration")
    assert rendered("gateway-helm").of_kind("Job"), "its certificates are made by a hook"


def test_envoy_gateway_reads_how_its_proxies_run_beside_whose_controller_it_is() -> None:
    file = rendered("gateway-helm").of_kind("ConfigMap")["envoy-gateway-config"]["data"]["envoy-gateway.yaml"]
    configuration = yaml.safe_load(file)
    assert configuration["gateway"]["controllerName"] == "gateway.envoyproxy.io/gatewayclass-controller"
    proxies = configuration["envoyProxy"]["provider"]["kubernetes"]
    assert proxies["envoyDeployment"]["container"]["image"] == mirrored(versions.ENVOY_PROXY)
    assert proxies["envoyService"]["type"] == "ClusterIP"
