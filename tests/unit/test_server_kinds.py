"""A model's server in a stack file, and the container that follows from it."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest

from components.serving.model import Model
from components.serving.servers import ServerKind
from stacks.config import ConfigError, parse
from stacks.config.needs import LONGEST
from tests.model_files import classifier, text_generation, whole

KEY = "Pulumi.dev.yaml: inference-platform:models"


def model(name: str, entry: dict[str, Any]) -> Model:
    return Model(name=name, entry=parse(whole(models={name: entry}), "dev").models[name])


def mistakes(models: dict[str, Any]) -> list[str]:
    with pytest.raises(ConfigError) as error:
        parse(whole(models=models), "dev")
    return [line.removeprefix(KEY) for line in error.value.lines]


def vllm(**server: Any) -> dict[str, Any]:  # noqa: ANN401 - any YAML
    return {"server": {"kind": "vllm", **server}, "source": "hf://acme/llm"}


def custom(**server: Any) -> dict[str, Any]:  # noqa: ANN401 - any YAML
    return {"server": {"kind": "custom", "image": "registry.example/counter:1", **server}}


def arguments(**server: Any) -> list[str]:  # noqa: ANN401 - any YAML
    found: list[str] = model("llm", vllm(**server)).entry.server.container("llm")["args"]
    return found


def test_a_kind_describes_itself_and_no_other_kind() -> None:
    """A new kind then changes no file of another kind."""
    members = [get_args(member)[0] for member in get_args(get_args(ServerKind)[0])]
    kinds = {get_args(server.model_fields["kind"].annotation)[0]: server for server in members}
    assert len(kinds) >= 3
    for name, server in kinds.items():
        description = str(server.model_fields["kind"].description).lower()
        assert [other for other in kinds if other in description] in ([], [name])


OPTIONS: list[tuple[str, Any, list[str]]] = [
    ("maxModelLen", 2048, ["--max-model-len=2048"]),
    ("maxNumSeqs", 64, ["--max-num-seqs=64"]),
    ("maxNumBatchedTokens", 8192, ["--max-num-batched-tokens=8192"]),
    ("gpuMemoryUtilization", 0.5, ["--gpu-memory-utilization=0.5"]),
    ("weightsGib", 1.5, []),
    ("dtype", "float16", ["--dtype=float16"]),
    ("quantization", "awq", ["--quantization=awq"]),
    ("kvCacheDtype", "fp8", ["--kv-cache-dtype=fp8"]),
    ("prefixCaching", True, ["--enable-prefix-caching"]),
    ("prefixCaching", False, ["--no-enable-prefix-caching"]),
    ("speculative", {"method": "ngram"}, ['--speculative-config={"method": "ngram"}']),
    ("tensorParallel", 2, ["--tensor-parallel-size=2"]),
    ("toolCalling", "hermes", ["--enable-auto-tool-choice", "--tool-call-parser=hermes"]),
    ("chatTemplate", "/mnt/models/chat.jinja", ["--chat-template=/mnt/models/chat.jinja"]),
    ("extraArgs", ["--enable-chunked-prefill", "--seed=7"], ["--enable-chunked-prefill", "--seed=7"]),
]


@pytest.mark.parametrize(("key", "value", "flags"), OPTIONS)
def test_each_option_of_vllm_is_one_flag(key: str, value: Any, flags: list[str]) -> None:  # noqa: ANN401 - any YAML
    plain = arguments()
    assert sorted(set(arguments(**{key: value})) - set(plain)) == flags
    names = [argument.partition("=")[0] for argument in arguments(**{key: value})]
    assert len(names) == len(set(names)), "a flag stands twice"


def test_every_option_is_tried() -> None:
    server = model("llm", vllm()).entry.server
    keys = {field.alias for field in type(server).model_fields.values()}
    assert keys == {"kind", "image", "sharedMemory", "weightsGib", *(key for key, _, _ in OPTIONS)}


def test_vllm_alone_says_where_and_as_what_it_serves() -> None:
    assert arguments() == [
        "--model=/mnt/models",
        "--port=8080",
        "--served-model-name=llm",
        "--shutdown-timeout=45",
        "--gpu-memory-utilization=0.9",
    ]


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("--max_model_len=4096", "--max-model-len is set by maxModelLen; write it there"),
        ("--max-model-len", "--max-model-len is set by maxModelLen; write it there"),
        # vLLM takes the beginning of a flag for the flag, as argparse does.
        ("--max-model=4096", "--max-model-len is set by maxModelLen; write it there"),
        ("--tensor-parallel-size=2", "--tensor-parallel-size is set by tensorParallel; write it there"),
        ("--no-enable-prefix-caching", "--enable-prefix-caching is set by prefixCaching; write it there"),
        ("--speculative-config.method=ngram", "--speculative-config is set by speculative; write it there"),
        ("--speculative_config={}", "--speculative-config is set by speculative; write it there"),
        ("--api-key=secret", "--api-key is set by the platform"),
        ("--port=9000", "--port is set by the platform"),
        ("--served-model-name=other", "--served-model-name is set by the platform"),
        ("--uds=/tmp/socket", "--uds is set by the platform"),
    ],
)
def test_an_argument_that_contradicts_a_typed_one_is_refused(argument: str, words: str) -> None:
    assert mistakes({"llm": vllm(extraArgs=[argument])}) == [f".llm.server: extraArgs: {words}"]


@pytest.mark.parametrize("argument", ["--tensor-parallel-size 2", "--port 9000", "-tp=2", "seed=1", "--", "--seed =1", ""])
def test_an_argument_that_is_none_or_two_is_refused(argument: str) -> None:
    """The whole text would reach vLLM as one argument, which it does not know."""
    assert mistakes({"llm": vllm(extraArgs=["--seed=1", argument])}) == [
        f'.llm.server.extraArgs[1]: "{argument}" is not one argument; write --flag or --flag=value'
    ]


def test_a_value_may_have_blanks() -> None:
    assert '--override-generation-config={"top_p": 0.9}' in arguments(extraArgs=['--override-generation-config={"top_p": 0.9}'])


def test_vllm_keeps_a_connection_longer_than_the_gateway_does() -> None:
    environment = {item["name"]: item["value"] for item in model("llm", vllm()).entry.server.container("llm")["env"]}
    hour = 3600  # Envoy's idle_timeout
    assert int(environment["VLLM_HTTP_TIMEOUT_KEEP_ALIVE"]) > hour


def test_several_gpus_are_requested_for_one_replica() -> None:
    assert model("llm", vllm(tensorParallel=4)).entry.server.gpu_count == 4
    assert mistakes({"llm": {**vllm(), "gpus": 2}}) == [".llm.gpus: this key is now server.tensorParallel (vllm), or server.gpus (custom)"]


def test_shared_memory_is_a_volume_of_its_own_size() -> None:
    volumes = {volume["name"]: volume["emptyDir"] for volume in model("llm", vllm(sharedMemory="2Gi")).entry.server.volumes()}
    assert volumes == {"tmp": {}, "shm": {"medium": "Memory", "sizeLimit": "2Gi"}}


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
        ({"secretEnv": {"TOKEN": 7777}}, ".counter.server.secretEnv.TOKEN: [secret] is not allowed"),
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
