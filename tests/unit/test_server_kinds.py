"""A model's server in a stack file, and the container that follows from it."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest

from components.serving.servers import ServerKind
from stacks.config import ConfigError, parse
from stacks.config.needs import LONGEST
from tests.model_files import classifier, text_generation, whole
from tests.server_entries import custom, mistakes, model, vllm


def test_a_kind_describes_itself_and_no_other_kind() -> None:
    """A new kind then changes no file of another kind."""
    members = [get_args(member)[0] for member in get_args(get_args(ServerKind)[0])]
    kinds = {get_args(server.model_fields["kind"].annotation)[0]: server for server in members}
    assert len(kinds) >= 3
    for name, server in kinds.items():
        description = str(server.model_fields["kind"].description).lower()
        assert [other for other in kinds if other in description] in ([], [name])


def test_a_server_of_any_image_is_run_as_the_entry_says() -> None:
    server = model(
        "counter",
        custom(
            command=["/bin/serve"],
            args=["--verbose"],
            env={"UNIT": "words", "HOME": "/data"},
            port=9000,
            protocol="v2",
            readyPath="/healthy",
            livePath="/alive",
            metrics="/prometheus",
            gpus=1,
            startSeconds=30,
        ),
    ).entry.server
    container = server.container("counter")
    assert (container["command"], container["args"]) == (["/bin/serve"], ["--verbose"])
    assert container["env"] == [{"name": "HOME", "value": "/data"}, {"name": "UNIT", "value": "words"}]
    assert container["startupProbe"]["httpGet"] == container["readinessProbe"]["httpGet"] == {"path": "/healthy", "port": 9000}
    assert (container["startupProbe"]["periodSeconds"], container["startupProbe"]["failureThreshold"]) == (1, 30)
    assert container["livenessProbe"]["httpGet"] == {"path": "/alive", "port": 9000}
    assert (server.http_port, server.metrics_path, server.gpu_count, server.protocol_spoken.kserve) == (9000, "/prometheus", 1, "v2")


def test_a_server_of_which_nothing_is_said_is_run_as_its_image_says() -> None:
    server = model("counter", custom()).entry.server
    container = server.container("counter")
    assert container.keys() == {"env", "startupProbe", "readinessProbe", "volumeMounts"}
    assert container["env"] == [{"name": "HOME", "value": "/tmp"}]  # noqa: S108 - a volume of the pod's own
    assert container["readinessProbe"]["httpGet"] == {"path": "/v1/models/counter", "port": 8080}
    assert (server.metrics_path, server.gpu_count, server.secrets) == (None, 0, {})


@pytest.mark.parametrize(
    ("server", "line"),
    [
        ({"env": {"A": "1"}, "secretEnv": {"A": "2"}}, ".counter.server: A is in env and in secretEnv"),
        ({"env": {"1A": "x"}}, '.counter.server.env["1A"]: "1A" is not allowed'),
        ({"secretEnv": {"TOKEN": 7777}}, ".counter.server.secretEnv.TOKEN: a secret is text; a number or true needs quotes"),
        ({"secretEnv": {"A-B": "x"}}, '.counter.server.secretEnv.A-B: "A-B" is not allowed: String should match pattern'),
        ({"env": {"A": True}}, ".counter.server.env.A: true is read as true or false; put it in quotes"),
        ({"port": 80}, ".counter.server.port: 80 is not allowed: it should be greater than or equal to 1024"),
        ({"protocol": "grpc"}, '.counter.server.protocol: "grpc" is not allowed; choose one of: '),
        ({"metrics": "metrics"}, '.counter.server.metrics: "metrics" is not allowed'),
        ({"gpus": 17}, ".counter.server.gpus: 17 is not allowed"),
    ],
)
def test_a_server_that_can_not_be_is_refused_by_its_key(server: dict[str, Any], line: str) -> None:
    (found,) = mistakes({"counter": custom(**server)})
    assert found.startswith(line)
    assert "7777" not in found


def test_a_model_on_gpus_is_not_run_by_knative() -> None:
    entry = {**custom(gpus=1), "scaling": {"metric": "rps"}}
    assert mistakes({"counter": entry}) == [
        ".counter.scaling: metric rps: in Knative mode a rollout starts the new pod beside the old one, for which no GPU is free"
    ]
    assert model("counter", {**custom(gpus=1), "scaling": {"metric": "cpu"}}).entry.server.gpu_count == 1


@pytest.mark.parametrize(
    ("server", "words"),
    [
        ({"port": 9090}, "server.port 9090 is one of Knative's own (8008, 8012, 8013, 8022, 9090, 9091); choose another one"),
        (
            {"env": {"PORT": "9000"}},
            "PORT is a variable that Knative sets itself; PORT is server.port there. Leave it out of env and secretEnv",
        ),
        ({"secretEnv": {"K_SERVICE": "x"}}, "K_SERVICE is a variable that Knative sets itself"),
    ],
)
def test_what_knative_keeps_for_itself_is_refused_in_its_mode_alone(server: dict[str, Any], words: str) -> None:
    (line,) = mistakes({"counter": {**custom(**server), "scaling": {"metric": "concurrency"}}})
    assert line.startswith(f".counter: {words}")
    assert model("counter", {**custom(**server), "scaling": {"metric": "cpu"}}).entry.server.kind == "custom"


def test_a_share_of_the_cpu_request_needs_one() -> None:
    resources = {kind: {"memory": "1Gi"} for kind in ("requests", "limits")}
    assert mistakes({"counter": {**custom(), "resources": resources}}) == [
        ".counter: scaling.metric cpu is a share of resources.requests.cpu, which is left out; write it"
    ]


def test_a_kind_that_is_left_out_is_asked_for() -> None:
    assert mistakes({"counter": {"server": {"image": "registry.example/counter:1"}}}) == [
        ".counter.server.kind: is required; choose one of: pytorch, vllm, custom"
    ]
    assert mistakes({"counter": {"server": 5}}) == [".counter.server: 5 is not a set of keys and values"]


def test_a_metric_that_is_left_out_is_named() -> None:
    assert mistakes({"llm": {**vllm(), "scaling": {"target": 4}}}) == [
        ".llm.scaling: metric cpu, which is meant where metric is left out, does not exist for server vllm; choose queue"
    ]


@pytest.mark.parametrize(
    ("key", "instead"),
    [
        ("model", "source"),
        ("canary", "versions: [{name: v1, source: <stable>"),
        ("toolCalling", "server.toolCalling"),
        ("quantization", "server."),
    ],
)
def test_keys_of_earlier_releases_are_told_their_new_spelling(key: str, instead: str) -> None:
    (line,) = mistakes({"digits": classifier(**{key: {}})})
    assert line.startswith(f".digits.{key}: this key is now {instead}")


def test_the_model_of_a_version_is_told_its_new_spelling() -> None:
    versions = [{"name": "v1", "model": "s3://models/a.pt", "weight": 100}]
    assert ".digits.versions[0].model: this key is now source" in mistakes({"digits": classifier(versions=versions)})


def test_the_section_of_earlier_releases_is_told_its_new_spelling() -> None:
    with pytest.raises(ConfigError) as error:
        parse({"services": {"mnist": {"model": "s3://models/a.pt"}}}, "dev")
    (line,) = error.value.lines
    assert line.endswith("inference-platform:services: this key is now models: a map from each model's name to its entry (docs/models.md)")


TWO = [{"name": name, "source": f"hf://acme/{name}", "weight": 50} for name in ("v1", "v2")]


@pytest.mark.parametrize(
    ("models", "line"),
    [
        (
            {"a": text_generation(versions=TWO), "a-v2": vllm()},
            ": a-v2 would be the InferenceService of two models; rename one, or its version",
        ),
        ({"a-predictor": vllm()}, ": a-predictor: contains -predictor, by which KServe names its own objects; choose another name"),
        ({"a-predictor-b": vllm()}, ": a-predictor-b: contains -predictor, by which KServe names its own objects; choose another name"),
        (
            {"a": text_generation(versions=[TWO[0], {**TWO[1], "name": "predictor"}])},
            ": a-predictor: contains -predictor, by which KServe names its own objects; choose another name",
        ),
        ({"a": vllm(), "a-smoke": vllm()}, ": a-smoke is the name of the check of a; choose another name"),
        ({"a": vllm(), "a-route": vllm()}, ": a-route is the name of the check of a; choose another name"),
        ({"a" * (LONGEST + 1): vllm()}, f": {'a' * 45} has 45 characters; an InferenceService's name has at most 44"),
        (
            {"a" * 42: text_generation(versions=TWO)},
            f": {'a' * 42}-v2 has 45 characters; an InferenceService's name has at most 44",
        ),
        ({"A": vllm()}, '.A: "A" is not allowed: String should match pattern'),
        ({"a.b": vllm()}, '["a.b"]: "a.b" is not allowed: String should match pattern'),
    ],
)
def test_names_that_kubernetes_would_not_take_or_confuse_are_refused(models: dict[str, Any], line: str) -> None:
    assert mistakes(models)[0].startswith(line)


def test_names_next_to_those_are_fine() -> None:
    parse(whole(models={"a": text_generation(versions=TWO), "a-v3": vllm(), "predictor": vllm(), "b" * LONGEST: vllm()}), "dev")


def test_the_longest_name_fits_what_kubernetes_makes_of_it() -> None:
    assert len(f"keda-hpa-{'a' * LONGEST}-predictor") == 63


def test_a_question_is_the_entrys_own_or_the_folders_or_the_protocols() -> None:
    own = {"path": "/count", "request": {"text": "a b"}, "answer": {"properties": {"words": {"const": 2}}}}
    asked = model("counter", {**custom(), "probe": own}).question
    assert (asked.path, json.loads(asked.request or ""), json.loads(asked.answer)) == ("/count", {"text": "a b"}, own["answer"])
    digits = model("mnist-classifier", classifier()).question
    assert digits.path == "/v1/models/mnist-classifier:predict"
    assert len(json.loads(digits.request or "")["instances"][0]) == 28
    assert (model("counter", custom()).question.path, model("counter", custom()).question.request) == ("/v1/models/counter", None)
    assert model("counter", custom(protocol="v2")).question.path == "/v2/models/counter/ready"
    completion = model("llm", vllm()).question
    assert (completion.path, json.loads(completion.request or "")["model"]) == ("/v1/completions", "llm")
    get = model("counter", {**custom(), "probe": {"path": "/healthy"}}).question
    assert (get.path, get.request, get.answer) == ("/healthy", None, "{}")
