"""A language model: versions behind one route, replicas that follow queries, and a server that shares nothing of its GPU."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest

from components.prometheus import Prometheus
from scripts.mlops.load.session import SERVED_BY
from tests.graph.models_alone import CANARY, MNIST, TWO, V1, V2, build_on, environment, predictor, rules, serving
from tests.graph.recording import Graph, record_component
from tests.model_files import version, whole


@pytest.fixture(scope="module")
def graph() -> Graph:
    return serving(mnist={"versions": CANARY}, smollm={"versions": TWO})


def test_replicas_follow_the_queue_and_the_latency_of_their_own_version(graph: Graph) -> None:
    spec = graph.one("ScaledObject/smollm-text-generation-predictor").inputs["spec"]
    assert (spec["minReplicaCount"], spec["maxReplicaCount"]) == (1, 2)
    assert spec["fallback"] == {"failureThreshold": 3, "replicas": 1, "behavior": "currentReplicasIfHigher"}
    queue, latency = spec["triggers"]
    assert (queue["metricType"], queue["metadata"]["threshold"]) == ("AverageValue", "4")
    assert (latency["metricType"], latency["metadata"]["threshold"]) == ("Value", "0.5")
    assert queue["metadata"]["query"] == ('sum(vllm:num_requests_waiting{namespace="default",pod=~"smollm-text-generation-predictor-.*"})')
    for trigger in (queue, latency):
        assert all(isinstance(value, str) for value in trigger["metadata"].values())
        assert trigger["metadata"]["ignoreNullValues"] == "false"
        assert "v2" not in trigger["metadata"]["query"]
        assert "$" not in trigger["metadata"]["query"]


def named(part: str) -> list[dict[str, Any]]:
    """The filter that writes into an answer which version it came from."""
    header = {"name": SERVED_BY, "value": part}
    return [{"type": "ResponseHeaderModifier", "responseHeaderModifier": {"set": [header]}}]


def test_weights_are_the_configurations(graph: Graph) -> None:
    (rule,) = rules(graph, "smollm-text-generation")
    assert rule["backendRefs"] == [
        {"name": "smollm-text-generation-predictor", "port": 80, "filters": named("smollm-text-generation"), "weight": 90},
        {"name": "smollm-text-generation-v2-predictor", "port": 80, "filters": named("smollm-text-generation-v2"), "weight": 10},
    ]
    assert "matches" not in rule
    assert "filters" not in rule


def test_an_experiment_and_a_shadow_are_rules_of_the_same_route() -> None:
    versions = [version("v1", 100), version("v2", 0)]
    plain = serving(smollm={"versions": versions})
    tried = serving(
        smollm={"versions": versions, "experiment": {"groups": {"treatment": "v2"}}, "shadow": {"version": "v2", "percent": 25}}
    )
    group, everybody = rules(tried, "smollm-text-generation")
    assert group["matches"] == [{"headers": [{"type": "Exact", "name": "X-Experiment-Group", "value": "treatment"}]}]
    assert group["backendRefs"] == [
        {"name": "smollm-text-generation-v2-predictor", "port": 80, "filters": named("smollm-text-generation-v2")}
    ]
    assert "filters" not in group
    mirror = {"backendRef": {"name": "smollm-text-generation-v2-predictor", "port": 80}, "percent": 25}
    assert everybody["filters"] == [{"type": "RequestMirror", "requestMirror": mirror}]
    assert [backend["weight"] for backend in everybody["backendRefs"]] == [100, 0]
    for kind in ("InferenceService", "ScaledObject", "ServingRuntime", "Service"):
        before, after = ({item.name: item.inputs for item in each.of_kind(kind)} for each in (plain, tried))
        assert before == after, f"{kind}: a pod restarts"


def test_a_new_weight_is_another_route_and_another_question_to_it_only(graph: Graph) -> None:
    moved = serving(mnist={"versions": CANARY}, smollm={"versions": [version("v1", 50), version("v2", 50)]})
    changed = {item.key for item in graph if item.custom and item.inputs != moved.one(item.key).inputs}
    assert changed == {"HTTPRoute/smollm-text-generation", "Job/smollm-text-generation-route"}


def test_nobody_is_led_to_a_version_that_has_not_answered(graph: Graph) -> None:
    for part, name in (("smollm-text-generation", "v1"), ("smollm-text-generation-v2", "v2")):
        assert graph.comes_after(f"Job/{part}-smoke", f"InferenceService/{part}")
        assert graph.comes_after("HTTPRoute/smollm-text-generation", f"Job/{part}-smoke")
        asked = environment(graph, f"{part}-smoke")
        assert asked["URL"] == f"http://{part}-predictor.default.svc.cluster.local/v1/completions"
        assert json.loads(asked["REQUEST"])["model"] == "smollm-text-generation"
        assert json.loads(asked["ANSWER"])["required"] == ["choices"]
        assert asked["MODEL"] == f"s3://models/smollm/{name}"
    assert graph.comes_after("HTTPRoute/mnist-classifier", "Job/mnist-classifier-smoke")
    assert environment(graph, "mnist-classifier-smoke")["URL"] == (
        "http://latest-mnist-classifier-predictor.default.svc.cluster.local/v1/models/mnist-classifier:predict"
    )


def test_a_gpu_service_never_needs_a_second_gpu_to_roll_out(graph: Graph) -> None:
    for key in (V1, V2):
        found = predictor(graph, key)
        assert found["deploymentStrategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}
        resources = found["model"]["resources"]
        assert resources["limits"]["nvidia.com/gpu"] == resources["requests"]["nvidia.com/gpu"] == "1"
        assert resources["limits"]["memory"] == "12Gi"


def test_a_gpu_service_runs_where_gpus_are_and_mnist_does_not(graph: Graph) -> None:
    assert predictor(graph, V1)["nodeSelector"] == {"workload-type": "inference"}
    assert predictor(graph, V1)["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
    assert not {"nodeSelector", "tolerations", "deploymentStrategy"} & set(predictor(graph, MNIST))


def test_vllm_survives_a_slow_load_and_finishes_what_it_began(graph: Graph) -> None:
    (container,) = graph.one("ServingRuntime/smollm-text-generation-vllm").inputs["spec"]["containers"]
    startup = container["startupProbe"]
    assert startup["periodSeconds"] * startup["failureThreshold"] >= 900
    stop = int(next(arg for arg in container["args"] if arg.startswith("--shutdown-timeout=")).partition("=")[2])
    grace = predictor(graph, V1)["terminationGracePeriodSeconds"]
    assert container["lifecycle"]["preStop"]["sleep"]["seconds"] + stop < grace
    assert container["ports"] == [{"name": "http1", "containerPort": 8080, "protocol": "TCP"}]
    assert "--served-model-name=smollm-text-generation" in container["args"]
    assert "--max-model-len=2048" in container["args"]
    volumes = {
        volume["name"]: volume["emptyDir"] for volume in graph.one("ServingRuntime/smollm-text-generation-vllm").inputs["spec"]["volumes"]
    }
    assert volumes["shm"] == {"medium": "Memory", "sizeLimit": "8Gi"}
    assert {"name": "shm", "mountPath": "/dev/shm"} in container["volumeMounts"]  # noqa: S108


def test_quantisation_and_tool_calls_are_flags_of_the_server() -> None:
    plain, flagged = (
        serving(smollm=given).one("ServingRuntime/smollm-text-generation-vllm").inputs["spec"]["containers"][0]["args"]
        for given in ({}, {"server": {"quantization": "awq", "toolCalling": "hermes"}})
    )
    assert not any("quantization" in arg or "tool" in arg for arg in plain)
    assert set(flagged) - set(plain) == {"--quantization=awq", "--tool-call-parser=hermes", "--enable-auto-tool-choice"}


def test_a_version_may_bring_its_own_server() -> None:
    image = "registry.example/vllm:2"
    graph = serving(smollm={"versions": [version("v1", 90), version("v2", 10, image=image)]})
    assert "image" not in predictor(graph, V1)["model"]
    assert predictor(graph, V2)["model"]["image"] == environment(graph, "smollm-text-generation-v2-smoke")["IMAGE"] == image


def test_all_versions_read_the_store_as_one_account(graph: Graph) -> None:
    assert {predictor(graph, key)["serviceAccountName"] for key in (V1, V2)} == {"smollm-text-generation"}
    for key in (V1, V2):
        assert graph.comes_after(key, "ServiceAccount/smollm-text-generation")
        assert graph.comes_after(key, "ServingRuntime/smollm-text-generation-vllm")


def test_prometheus_finds_the_pods_of_all_versions(graph: Graph) -> None:
    spec = graph.one("PodMonitor/smollm-text-generation-metrics").inputs["spec"]
    (selected,) = spec["selector"]["matchExpressions"]
    assert selected["values"] == ["smollm-text-generation", "smollm-text-generation-v2"]
    (server,) = spec["podMetricsEndpoints"]
    _, queue_proxy = graph.one("PodMonitor/mnist-classifier-metrics").inputs["spec"]["podMetricsEndpoints"]
    assert (server["portNumber"], queue_proxy["port"]) == (8080, "http-usermetric")
    for name, endpoint in (("smollm-text-generation", server), ("mnist-classifier", queue_proxy)):
        assert {"path": "/metrics", "interval": "15s"}.items() <= endpoint.items()
        assert endpoint["relabelings"] == [
            {"targetLabel": "model", "replacement": name},
            {"sourceLabels": ["__meta_kubernetes_pod_label_serving_kserve_io_inferenceservice"], "targetLabel": "inferenceservice"},
            {"sourceLabels": ["__meta_kubernetes_pod_label_serving_knative_dev_revision"], "targetLabel": "revision"},
        ]
    assert not serving(mnist={}, prometheus=None).of_kind("PodMonitor")


def test_a_prometheus_of_others_finds_its_labels_at_the_pods_monitors() -> None:
    theirs = Prometheus(url="https://prometheus.example", labels={"prometheus": "bench"})
    monitors = serving(mnist={}, smollm={}, prometheus=theirs).of_kind("PodMonitor")
    assert [monitor.inputs["metadata"]["labels"]["prometheus"] for monitor in monitors] == ["bench", "bench"]


def test_without_a_gateway_the_address_leads_to_the_only_version_whatever_it_is_called() -> None:
    values = whole(smollm={"versions": [version("v7", 100)]}, envoyGateway={"enabled": False})
    graph = record_component(lambda: build_on(values, pulumi.ResourceOptions()))
    assert graph.one("Service/smollm-text-generation").inputs["spec"]["selector"] == {"app": "isvc.smollm-text-generation-v7-predictor"}
    assert graph.one("InferenceService/smollm-text-generation-v7").inputs["metadata"]["name"] == "smollm-text-generation-v7"
    assert not graph.of_kind("HTTPRoute")
