"""Every pair of settings of the switches: what is on exists, what is off does not, and what contradicts itself is refused by name."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from allpairspy import AllPairs  # type: ignore[import-untyped]

from stacks.config import ConfigError, parse
from tests.eks import eks
from tests.graph.layers import Order
from tests.graph.recording import Graph, record
from tests.graph.stacks import stand_ins
from tests.graph.switches import (
    CONFLICTS,
    EXPOSED,
    KNATIVE,
    OWNED,
    REGISTRY,
    SWITCHES,
    Case,
    Conflict,
    broken,
    completed,
    configuration,
    pairs,
    possible_pairs,
    valid_cases,
)
from tests.stack_files import MNIST, SMOLLM

pytestmark = pytest.mark.slow

VALID = valid_cases()
ALL = [dict(zip(SWITCHES, values, strict=True)) for values in AllPairs(list(SWITCHES.values()))]

COMPONENTS: dict[str, Callable[[Case], bool]] = {
    "aws:Network/network": lambda case: case["cluster"] == "eks",
    "aws:EksCluster/cluster": lambda case: case["cluster"] in OWNED,
    "aws:Addons/networking-addons": lambda case: case["cluster"] in OWNED,
    "aws:Addons/addons": lambda case: case["cluster"] in OWNED,
    "aws:NodePool/system": lambda case: case["cluster"] in OWNED,
    "aws:GpuNodePool/gpu": lambda case: case["gpu"] == "managed",
    "aws:Karpenter/karpenter": lambda case: case["gpu"] == "karpenter",
    "aws:KarpenterNodePool/gpu": lambda case: case["gpu"] == "karpenter",
    "aws:StorageClass/storage-class": lambda case: case["cluster"] in OWNED,
    "aws:ClusterAutoscaler/cluster-autoscaler": lambda case: case["cluster"] in OWNED and case["autoscaler"] == "on",
    "guard:Guard/destroy-guard": lambda _: True,
    "platform:GatewayApi/gateway-api": lambda case: case["gatewayApi"] == "on",
    "platform:CertManager/cert-manager": lambda case: case["certManager"] == "on",
    "platform:EnvoyGateway/envoy-gateway": lambda case: case["envoyGateway"] in EXPOSED,
    "platform:Knative/knative": lambda case: case["knative"] in KNATIVE,
    "platform:Keda/keda": lambda case: case["keda"] == "on",
    "platform:Monitoring/monitoring": lambda case: case["monitoring"] == "on",
    "observability:Observability/observability": lambda case: case["monitoring"] != "off",
    "platform:GpuOperator/gpu-operator": lambda case: case["gpuOperator"] == "on",
    "platform:KServe/kserve": lambda case: case["kserve"] == "on",
    "platform:MinioStore/model-store": lambda case: case["store"] in {"standalone", "distributed"},
    "aws:ModelBucket/models": lambda case: case["store"] == "s3",
    "platform:S3Store/model-store": lambda case: case["store"] == "s3",
    f"serving:ModelPublication/{MNIST}-weights": lambda case: case["mnist"] != "off" and case["images"] != "none",
    f"serving:ServingRuntime/{MNIST}-pytorch": lambda case: case["mnist"] != "off",
    f"serving:InferenceService/{MNIST}": lambda case: case["mnist"] != "off",
    f"serving:SmokeCheck/{MNIST}-smoke": lambda case: case["mnist"] != "off",
    f"serving:Route/{MNIST}-route": lambda case: case["mnist"] != "off" and case["envoyGateway"] in EXPOSED,
    f"serving:ServingRuntime/{SMOLLM}-vllm": lambda case: case["smollm"] != "off",
    f"serving:InferenceService/{SMOLLM}": lambda case: case["smollm"] != "off",
    f"serving:SmokeCheck/{SMOLLM}-smoke": lambda case: case["smollm"] != "off",
    f"serving:SmokeCheck/{SMOLLM}-v2-smoke": lambda case: case["smollm"] == "two versions",
    f"serving:Route/{SMOLLM}-route": lambda case: case["smollm"] != "off" and case["envoyGateway"] in EXPOSED,
    "aws:SageMakerEndpoint/iris": lambda case: case["managed endpoint"] == "on",
    "serving:ServingRuntime/counter-custom": lambda case: case["counter"] == "on",
    "serving:InferenceService/counter": lambda case: case["counter"] == "on",
    "serving:SmokeCheck/counter-smoke": lambda case: case["counter"] == "on",
    "serving:Route/counter-route": lambda case: case["counter"] == "on" and case["envoyGateway"] in EXPOSED,
}
"""The components directly below the stack, and when each is there."""

OBJECTS: dict[str, Callable[[Case], bool]] = {
    "Namespace/kourier-system": lambda case: case["knative"].startswith("kourier"),
    "PodMonitor/mnist-classifier-metrics": lambda case: case["mnist"] != "off" and case["monitoring"] != "off",
    "PodMonitor/smollm-text-generation-metrics": lambda case: case["smollm"] != "off" and case["monitoring"] != "off",
    "ConfigMap/inference-platform": lambda case: case["monitoring"] == "on",
    "PodMonitor/counter-metrics": lambda case: case["counter"] == "on" and case["monitoring"] != "off",
    f"ConfigMap/inference-model-{MNIST}": lambda case: case["mnist"] != "off" and case["monitoring"] == "on",
    "ConfigMap/inference-model-counter": lambda case: case["counter"] == "on" and case["monitoring"] == "on",
    "Secret/counter-environment": lambda case: case["counter"] == "on",
    "PrometheusRule/gpus-rules": lambda case: case["gpu"] != "none" and case["monitoring"] != "off",
    "ServiceMonitor/minio-metrics": lambda case: case["store"] in {"standalone", "distributed"} and case["monitoring"] != "off",
    "ScaledObject/smollm-text-generation-predictor": lambda case: case["smollm"] != "off",
    "PodDisruptionBudget/minio": lambda case: case["store"] == "distributed",
    "PodIdentityAssociation/default-mnist-classifier": lambda case: case["store"] == "s3" and case["mnist"] != "off",
    "Secret/mnist-classifier-storage": lambda case: case["store"] in {"standalone", "distributed"} and case["mnist"] != "off",
    "aws/aws": lambda case: case["cluster"] in OWNED,
    "kubernetes/cluster": lambda _case: True,
}
"""The objects that one part makes only beside another."""


def described(case: Case) -> str:
    return ", ".join(f"{switch} {value}" for switch, value in case.items())


def refusals(values: dict[str, Any]) -> list[str]:
    """Without the words that all have in front; none: accepted."""
    try:
        parse(values, "test")
    except ConfigError as error:
        return [line.removeprefix("Pulumi.test.yaml: inference-platform:") for line in error.lines]
    return []


@pytest.fixture(scope="module")
def manifests() -> Iterator[Path]:
    with stand_ins() as folder:
        yield folder


@pytest.fixture(scope="module", params=VALID, ids=range(len(VALID)))
def recorded(request: pytest.FixtureRequest, manifests: Path) -> tuple[Case, Graph]:
    case: Case = request.param
    values = configuration(case)
    return case, record({**values, "mirror": {**values["mirror"], "manifests": str(manifests)}})


def test_the_valid_cases_have_every_pair_that_can_be() -> None:
    assert not [case for case in VALID if broken(case)]
    assert {pair for case in VALID for pair in pairs(case)} == set(possible_pairs())
    assert len(possible_pairs()) > 1000


def test_exactly_the_components_of_what_is_on_exist(recorded: tuple[Case, Graph]) -> None:
    case, graph = recorded
    top = [resource for resource in graph if resource.parent not in graph.resources]
    found = sorted(f"{resource.type.removeprefix('inference-platform:')}/{resource.name}" for resource in top if not resource.custom)
    assert found == sorted(name for name, exists in COMPONENTS.items() if exists(case)), described(case)
    assert {resource.kind for resource in top if resource.custom} <= {"kubernetes", "aws"}


def test_what_one_part_makes_for_another_exists_beside_it_only(recorded: tuple[Case, Graph]) -> None:
    case, graph = recorded
    keys = {resource.key for resource in graph}
    assert {name: name in keys for name in OBJECTS} == {name: exists(case) for name, exists in OBJECTS.items()}, described(case)


def test_a_prometheus_of_others_finds_its_labels_on_all_that_it_is_to_read(recorded: tuple[Case, Graph]) -> None:
    case, graph = recorded
    read = graph.of_kind("PodMonitor", "ServiceMonitor", "PrometheusRule")
    labelled = [item for item in read if item.inputs["metadata"]["labels"].get("watched") == "yes"]
    assert labelled == (read if case["monitoring"] == "of others" else []), described(case)


def test_nobody_outside_the_cluster_reaches_what_is_not_exposed(recorded: tuple[Case, Graph]) -> None:
    case, graph = recorded
    balanced = sorted(
        resource.key
        for resource in graph
        if resource.custom and any("LoadBalancer" in json.dumps(resource.inputs.get(field)) for field in ("spec", "values"))
    )
    proxies = ["Release/gateway-helm"] if case["envoyGateway"] == "internal" else []
    kourier = ["Service/knative-service-kourier"] if case["knative"] == "kourier, internal" else []
    assert balanced == [*proxies, *kourier], described(case)


def test_a_mirror_is_used_when_it_is_on_and_digests_unless_its_builds_are_its_own(recorded: tuple[Case, Graph]) -> None:
    case, graph = recorded
    charts = [release.inputs["chart"] for release in graph.of_kind("Release")]
    assert all(chart.startswith(f"oci://{REGISTRY}/") == (case["mirror"] != "none") for chart in charts)
    text = json.dumps([resource.inputs for resource in graph if resource.kind in {"Release", "Job", "Deployment", "StatefulSet"}])
    assert (f"{REGISTRY}/" in text) == (case["mirror"] != "none" and text != "[]")
    text = re.sub(r"registry\.example/[\w:-]+@sha256:", "", text)  # of the models' own images, which no mirror has
    assert ("sha256:" in text) == (case["mirror"] != "registry with builds of its own" and text != "[]")


def test_it_comes_up_and_goes_down_in_order(recorded: tuple[Case, Graph]) -> None:
    case, graph = recorded
    assert Order(graph).mistakes() == [], described(case)


@pytest.mark.parametrize("conflict", CONFLICTS, ids=str)
def test_a_contradiction_alone_is_refused_by_the_names_of_both_sides(conflict: Conflict) -> None:
    """Every pair of values that it is about, with everything else in order."""
    starts: list[Case] = [{}]
    for switch, values in conflict.values.items():
        starts = [{**start, switch: value} for start in starts for value in values]
    for start in starts:
        case = completed(start, allowed=conflict)
        assert case, f"{described(start)} contradicts something else, too"
        (line,) = refusals(configuration(case))
        assert conflict.explains(line), f"{described(case)}: {line}"


@pytest.mark.parametrize("case", ALL, ids=range(len(ALL)))
def test_any_setting_is_accepted_or_refused_for_what_is_wrong_with_it(case: Case) -> None:
    wrong, lines = broken(case), refusals(configuration(case))
    assert bool(lines) == bool(wrong), described(case)
    # A section that is refused is not held against later ones, so that not all are named at once.
    assert any(conflict.explains(line) for conflict in wrong for line in lines) or not wrong
    unexplained = [line for line in lines if not any(conflict.explains(line) for conflict in wrong)]
    assert not unexplained, described(case)


def test_a_pool_that_nobody_scales_needs_a_node_of_its_own() -> None:
    fixed = eks(cluster={"autoscaler": {"enabled": False}}, gpu={"nodes": {"min": 1, "max": 2}})
    assert refusals(fixed) == []
