"""A model that no code knows: any image, run as its entry says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scripts.live_state import Content, described
from tests.graph.models_alone import environment, predictor, rules, serving
from tests.graph.recording import Graph, record
from tests.graph.stacks import stand_ins
from tests.graph.test_secrets import base64_core
from tests.stack_files import local

PASSWORD = "hunter2-is-in-no-pod-in-clear"
SERVER: dict[str, Any] = {
    "kind": "custom",
    "image": "registry.example/counter:1",
    "command": ["/bin/serve"],
    "args": ["--verbose"],
    "env": {"UNIT": "words"},
    "secretEnv": {"TOKEN": PASSWORD},
    "port": 9000,
    "readyPath": "/healthy",
    "metrics": "/prometheus",
}
PROBE = {"path": "/count", "request": {"text": "one two"}, "answer": {"required": ["words"], "properties": {"words": {"const": 2}}}}
ENTRY = {"server": SERVER, "scaling": {"metric": "rps"}, "probe": PROBE}
SERVICE = "InferenceService/counter"


@pytest.fixture(scope="module")
def graph() -> Graph:
    return serving(
        models={"counter": ENTRY, "other": {"server": {"kind": "custom", "image": "registry.example/other:1", "protocol": "v2"}}}
    )


def container(graph: Graph) -> dict[str, Any]:
    (found,) = predictor(graph, SERVICE)["containers"]
    return dict(found)


def test_the_container_is_the_entrys(graph: Graph) -> None:
    found = container(graph)
    assert (found["image"], found["command"], found["args"]) == ("registry.example/counter:1", ["/bin/serve"], ["--verbose"])
    assert found["ports"] == [{"name": "http1", "containerPort": 9000, "protocol": "TCP"}]
    assert found["readinessProbe"]["httpGet"] == {"path": "/healthy", "port": 9000}
    assert found["resources"]["limits"] == {"cpu": "2", "memory": "4Gi"}
    assert found["securityContext"]["readOnlyRootFilesystem"] is True
    assert found["volumeMounts"] == [{"name": "tmp", "mountPath": "/tmp"}]  # noqa: S108
    assert found["env"] == [
        {"name": "HOME", "value": "/tmp"},  # noqa: S108
        {"name": "UNIT", "value": "words"},
        {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "counter-environment", "key": "TOKEN"}}},
    ]


def test_a_model_without_an_address_is_what_its_image_brings(graph: Graph) -> None:
    # With a runtime and no storage KServe would take it for a server of many models, and add an agent to its pods.
    assert "model" not in predictor(graph, SERVICE)
    assert not graph.of_kind("ServingRuntime")
    assert predictor(graph, SERVICE)["volumes"] == [{"name": "tmp", "emptyDir": {}}]
    assert (environment(graph, "counter-smoke")["MODEL"], environment(graph, "counter-smoke")["IMAGE"]) == (
        "",
        "registry.example/counter:1",
    )
    assert not [secret.name for secret in graph.of_kind("Secret") if secret.name == "counter-storage"]


def test_a_version_may_bring_another_image_and_says_that_it_is_its_own() -> None:
    versions = [{"name": "v1", "weight": 90}, {"name": "v2", "weight": 10, "image": "registry.example/counter:2"}]
    found = serving(models={"counter": {**ENTRY, "versions": versions}})
    assert container(found)["image"] == environment(found, "counter-smoke")["IMAGE"] == "registry.example/counter:2"
    assert described(found.one(SERVICE).inputs) == Content(None, "registry.example/counter:2")
    assert described(serving(models={"counter": ENTRY}).one(SERVICE).inputs) == Content(None, None)


def test_its_own_question_is_asked_at_its_own_path_of_the_version_and_of_the_address(graph: Graph) -> None:
    hosts = {"counter-smoke": "latest-counter-predictor.default.svc.cluster.local", "counter-route": "counter.default.svc.cluster.local"}
    for job, host in hosts.items():
        asked = environment(graph, job)
        assert asked["URL"] == f"http://{host}/count"
        assert (json.loads(asked["REQUEST"]), json.loads(asked["ANSWER"])) == (PROBE["request"], PROBE["answer"])
    assert environment(graph, "other-smoke")["URL"].endswith("/v2/models/other/ready")
    assert graph.outputs["endpoints"] == {
        "counter": "http://counter.default.svc.cluster.local/v1/models/counter:predict",
        "other": "http://other.default.svc.cluster.local/v2/models/other/infer",
    }


def test_a_kind_is_not_a_mode(graph: Graph) -> None:
    """Knative follows the requests of one, a HorizontalPodAutoscaler the CPUs of the other."""
    annotations = {
        name: graph.one(f"InferenceService/{name}").inputs["metadata"]["annotations"]["serving.kserve.io/deploymentMode"]
        for name in ("counter", "other")
    }
    assert annotations == {"counter": "Knative", "other": "Standard"}
    assert rules(graph, "counter")[0]["backendRefs"][0]["name"] == "kourier-internal"
    assert [backend["name"] for backend in rules(graph, "other")[0]["backendRefs"]] == ["other-predictor"]


def test_metrics_are_scraped_where_the_entry_says_and_nowhere_else(graph: Graph) -> None:
    own, proxy = graph.one("PodMonitor/counter-metrics").inputs["spec"]["podMetricsEndpoints"]
    assert (own["portNumber"], own["path"]) == (9000, "/prometheus")
    assert proxy["port"] == "http-usermetric"
    assert not [monitor.name for monitor in graph.of_kind("PodMonitor") if monitor.name == "other-metrics"]


def test_a_secret_of_its_environment_stands_in_a_secret_only(graph: Graph) -> None:
    secret = graph.one("Secret/counter-environment")
    assert "data" in secret.secret_inputs
    assert base64_core(PASSWORD) in secret.inputs["data"]["TOKEN"]
    assert graph.comes_after(SERVICE, secret.key)
    assert in_clear(graph) == []


def test_the_whole_program_shows_it_nowhere_either() -> None:
    with stand_ins() as manifests:
        mirror = {"manifests": str(manifests), "digests": "drop"}
        assert in_clear(record(local(models__counter=ENTRY, mirror=mirror))) == []


def in_clear(graph: Graph) -> list[str]:
    """Return what has the password beside the data of Secrets. Pulumi may hide it elsewhere, but the cluster would show it there."""
    texts = {"outputs": json.dumps(graph.outputs)}
    for resource in graph:
        shown = {key: value for key, value in resource.inputs.items() if (resource.kind, key) != ("Secret", "data")}
        texts[resource.key] = json.dumps(shown)
    return [key for key, text in texts.items() if PASSWORD in text or base64_core(PASSWORD) in text]
