"""The GPU Operator's values: what runs on a GPU node, where, and how its GPUs are shared."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from components import versions
from components.artifacts import Image, Mirror
from components.gpu import GpuSharing
from components.platform.gpu_operator import GpuOperator, GpuOperatorArgs
from components.prometheus import Prometheus
from components.scheduling import GPU_TAINT, Quantities, Resources, Toleration, Workload
from tests.graph.models_alone import OURS
from tests.graph.recording import Graph, record_component

IMAGES = [versions.GPU_OPERATOR, versions.GPU_DEVICE_PLUGIN, versions.DCGM_EXPORTER, versions.NODE_FEATURE_DISCOVERY]


def recorded(**args: Any) -> Graph:  # noqa: ANN401 - any argument of the component
    complete = {"prometheus": OURS, "mirror": Mirror(), **args}
    return record_component(lambda: GpuOperator("gpu-operator", GpuOperatorArgs(**complete)))


def values(graph: Graph) -> dict[str, Any]:
    found: dict[str, Any] = graph.one("Release/gpu-operator").inputs["values"]
    return found


def images(value: object) -> list[str]:
    """Every `repository/image:version` and `repository:tag` in the values."""
    if isinstance(value, list):
        return [image for item in value for image in images(item)]
    if not isinstance(value, dict):
        return []
    inner = [image for item in value.values() for image in images(item)]
    if "repository" not in value:
        return inner
    name = f"{value['repository']}/{value['image']}" if "image" in value else value["repository"]
    return [f"{name}:{value.get('version') or value['tag']}", *inner]


def test_what_the_node_image_brings_along_is_not_installed_again() -> None:
    found = values(recorded())
    assert found["driver"] == found["toolkit"] == found["migManager"] == {"enabled": False}
    assert found["cdi"] == {"enabled": True, "nriPluginEnabled": False}


def test_validation_takes_no_gpu_from_a_node_that_has_one() -> None:
    assert values(recorded())["validator"]["plugin"] == {"env": [{"name": "WITH_WORKLOAD", "value": "false"}]}


def test_what_runs_on_gpu_nodes_tolerates_their_taint() -> None:
    found = values(recorded(workload=Workload(tolerations=[Toleration(key="dedicated")])))
    for tolerations in (found["daemonsets"]["tolerations"], found["node-feature-discovery"]["worker"]["tolerations"]):
        assert tolerations == [{"key": GPU_TAINT.key, "operator": "Exists", "effect": GPU_TAINT.effect}]


def test_controllers_run_where_the_workload_says_and_not_on_gpu_nodes() -> None:
    resources = Resources(requests=Quantities(cpu="100m", memory="100Mi"), limits=Quantities(cpu="1", memory="1Gi"))
    workload = Workload(
        tolerations=[Toleration(key="dedicated")], node_selector={"role": "system"}, resources=resources, timeout_seconds=700
    )
    graph = recorded(workload=workload)
    found = values(graph)
    nfd = found["node-feature-discovery"]
    for controller in (found["operator"], nfd["master"], nfd["gc"]):
        assert controller["tolerations"] == [{"key": "dedicated", "operator": "Exists"}]
        assert controller["nodeSelector"] == {"role": "system"}
    assert found["operator"]["resources"] == resources.fields()
    assert graph.one("Release/gpu-operator").inputs["timeout"] == 700


def test_resources_that_the_charts_cpu_limit_would_contradict_are_refused() -> None:
    resources = Resources(requests=Quantities(cpu="2", memory="1Gi"), limits=Quantities(memory="1Gi"))
    with pytest.raises(ValidationError, match=r"limits\.cpu is needed"):
        recorded(workload=Workload(resources=resources))


def test_gpus_are_not_shared_unless_asked_for() -> None:
    graph = recorded()
    assert not graph.of_kind("ConfigMap")
    assert "config" not in values(graph)["devicePlugin"]


def test_time_slicing_is_a_config_map_that_the_device_plugin_reads() -> None:
    graph = recorded(sharing=GpuSharing(strategy="time-slicing", replicas=4))
    config_map = graph.one("ConfigMap/device-plugin-sharing")
    assert values(graph)["devicePlugin"]["config"] == {"name": config_map.inputs["metadata"]["name"], "default": "default"}
    sharing = json.loads(config_map.inputs["data"]["default"])["sharing"]["timeSlicing"]
    assert sharing["resources"] == [{"name": "nvidia.com/gpu", "replicas": 4}]
    assert sharing["failRequestsGreaterThanOne"] is True
    assert graph.comes_after("Release/gpu-operator", "ConfigMap/device-plugin-sharing")


def test_a_changed_sharing_is_a_new_name() -> None:
    names = [
        values(recorded(sharing=GpuSharing(strategy="time-slicing", replicas=replicas)))["devicePlugin"]["config"]["name"]
        for replicas in (2, 4, 4)
    ]
    assert names[0] != names[1] == names[2]


@pytest.mark.parametrize(("strategy", "replicas"), [("none", 2), ("time-slicing", 1), ("time-slicing", 0)])
def test_sharing_that_says_two_things_is_refused(strategy: str, replicas: int) -> None:
    with pytest.raises(ValidationError):
        GpuSharing.model_validate({"strategy": strategy, "replicas": replicas})


def test_an_autoscaler_counts_slices() -> None:
    assert GpuSharing().advertised(2) == 2
    assert GpuSharing(strategy="time-slicing", replicas=4).advertised(2) == 8


@pytest.mark.parametrize(
    ("prometheus", "monitor"),
    [
        (None, {"enabled": False}),
        (OURS, {"enabled": True}),
        (Prometheus(url="https://prometheus.example", labels={"a": "b"}), {"enabled": True, "additionalLabels": {"a": "b"}}),
    ],
)
def test_metrics_are_scraped_where_there_is_monitoring(prometheus: Prometheus | None, monitor: dict[str, Any]) -> None:
    assert values(recorded(prometheus=prometheus))["dcgmExporter"]["serviceMonitor"] == monitor


def test_every_image_is_pinned_and_comes_from_the_mirror() -> None:
    assert set(images(values(recorded()))) == {pin.reference for pin in IMAGES}
    mirror = Mirror(images={"nvcr.io": "corp.example/nvcr", "registry.k8s.io/nfd": "corp.example/nfd"})
    mirrored = {mirror.image(pin).reference for pin in IMAGES}
    assert set(images(values(recorded(mirror=mirror)))) == mirrored
    assert all(image.startswith("corp.example/") for image in mirrored)


def test_an_operand_keeps_its_digest() -> None:
    digest = "sha256:" + "0" * 64
    pin = Image(repository="a.example/b/c", tag="1", digest=digest)
    mirror = Mirror(images={versions.DCGM_EXPORTER.reference: pin.reference})
    exporter = values(recorded(mirror=mirror))["dcgmExporter"]
    assert (exporter["repository"], exporter["image"], exporter["version"]) == ("a.example/b", "c", f"1@{digest}")


def test_the_namespace_lets_operands_work_on_the_host() -> None:
    graph = recorded()
    namespace = graph.one("Namespace/gpu-operator").inputs["metadata"]
    assert namespace["labels"]["pod-security.kubernetes.io/enforce"] == "privileged"
    assert graph.comes_after("Release/gpu-operator", "Namespace/gpu-operator")


def test_the_chart_is_pinned_and_upgrades_its_own_schemas() -> None:
    release = recorded().one("Release/gpu-operator").inputs
    assert release["chart"] == f"https://helm.ngc.nvidia.com/nvidia/charts/gpu-operator-{release['version']}.tgz"
    assert release["disableOpenapiValidation"] is True


def test_a_second_operator_is_refused() -> None:
    with pytest.raises(ValidationError, match="one replica"):
        GpuOperatorArgs(prometheus=None, mirror=Mirror(), workload=Workload(replicas=2))
