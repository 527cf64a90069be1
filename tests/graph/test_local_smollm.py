"""`make up WITH=smollm-text-generation`: what the overlay adds to local, on a node that brings a Prometheus and claims a GPU."""

from __future__ import annotations

from typing import Any

import pytest

from tests import stack_files
from tests.graph.layers import Order
from tests.graph.models_alone import V1, environment, predictor, serving
from tests.graph.recording import Graph
from tests.graph.stacks import local_with_smollm, recorded

WEIGHTS = "Job/smollm-text-generation-weights"


@pytest.fixture(scope="module")
def smollm() -> Graph:
    return local_with_smollm()


def test_it_comes_up_and_goes_down_in_order(smollm: Graph) -> None:
    assert Order(smollm).mistakes() == []


def test_local_is_as_it_was_and_smollm_beside_it(graph: Graph, smollm: Graph) -> None:
    keys = {resource.key for resource in smollm}
    assert {resource.key for resource in graph} <= keys
    for key in ("InferenceService/mnist-classifier", "HTTPRoute/mnist-classifier", "ServingRuntime/mnist-classifier-pytorch"):
        assert smollm.one(key).inputs == graph.one(key).inputs
    assert smollm.outputs["endpoints"] == {
        **graph.outputs["endpoints"],
        "smollm-text-generation": "http://smollm-text-generation.default.svc.cluster.local/v1/completions",
    }


def test_what_is_published_is_what_the_service_reads_and_it_waits_for_it(smollm: Graph) -> None:
    bucket = environment(smollm, "smollm-text-generation-weights")["BUCKET"]
    assert predictor(smollm, V1)["model"]["storageUri"] == f"s3://{bucket}/smollm/135m"
    (init,) = smollm.one(WEIGHTS).inputs["spec"]["template"]["spec"]["initContainers"]
    assert init["image"] == "registry.example/smollm-weights:1"
    assert smollm.comes_after(V1, WEIGHTS)
    assert not smollm.comes_after("InferenceService/mnist-classifier", WEIGHTS)


def test_weights_that_the_store_has_are_not_published() -> None:
    assert not [job.name for job in serving(smollm={}).of_kind("Job") if job.name == "smollm-text-generation-weights"]
    published = serving(smollm={}, images={"smollm-text-generation": {"weights": "registry.example/smollm-weights:1"}})
    assert published.comes_after(V1, WEIGHTS)


def test_the_pod_asks_for_the_gpu_that_the_node_claims_and_for_few_of_its_cores(smollm: Graph) -> None:
    found = predictor(smollm, V1)
    assert found["model"]["resources"] == {
        "requests": {"cpu": "100m", "memory": "3584Mi", "nvidia.com/gpu": "1"},
        "limits": {"cpu": "2", "memory": "5Gi", "nvidia.com/gpu": "1"},
    }
    assert found["nodeSelector"] == {"workload-type": "inference"}
    assert not [resource for resource in smollm if "GpuOperator" in resource.type]


def test_one_line_of_the_server_is_for_a_cpu(smollm: Graph) -> None:
    """The bench's image has the other settings that a CPU needs; the type of the weights is no setting of an image."""
    here, cloud = ({**_server(graph), "image": ""} for graph in (smollm, recorded("dev")))
    assert here == {**cloud, "args": [*cloud["args"], "--dtype=float32"]}


def _server(graph: Graph) -> dict[str, Any]:
    (container,) = graph.one("ServingRuntime/smollm-text-generation-vllm").inputs["spec"]["containers"]
    return dict(container)


def test_the_nodes_prometheus_reads_monitors_and_rules_by_its_labels(smollm: Graph) -> None:
    read = smollm.of_kind("PodMonitor", "ServiceMonitor", "PrometheusRule")
    assert {"mnist-classifier-metrics", "smollm-text-generation-metrics", "minio-metrics", "generation-smollm-text-generation-rules"} <= {
        item.name for item in read
    }
    for item in read:
        assert item.inputs["metadata"]["labels"]["prometheus"] == "bench", item.key
    assert {item.inputs["metadata"]["namespace"] for item in smollm.of_kind("PrometheusRule")} == {"default"}


def test_replicas_follow_the_nodes_prometheus(smollm: Graph) -> None:
    triggers: list[dict[str, Any]] = smollm.one("ScaledObject/smollm-text-generation-predictor").inputs["spec"]["triggers"]
    address = stack_files.BENCH_PROMETHEUS["prometheusUrl"]
    assert {trigger["metadata"]["serverAddress"] for trigger in triggers} == {address}


def test_there_are_no_dashboards_without_a_grafana_of_ours(smollm: Graph) -> None:
    assert not [item.key for item in smollm.of_kind("ConfigMap") if item.name.startswith("inference-")]
