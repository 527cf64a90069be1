"""The models of a stack file, and the line that every mistake there gets."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from components.declared import Bounds
from components.serving.model_service import ModelService
from components.serving.scaling import Replicas
from stacks.config import ConfigError, StackConfig, parse
from stacks.config.cluster import NodeRange, SystemNodesConfig
from tests.model_files import version, whole
from tests.stack_files import MNIST, SMOLLM

KEY = "Pulumi.dev.yaml: inference-platform:models"
STABLE = {"name": "v1", "source": "s3://models/mnist/a.pt", "weight": 90}
CANDIDATE = {"name": "v2", "source": "s3://models/mnist/b.pt", "weight": 10}
CUSTOM: dict[str, Any] = {"server": {"kind": "custom", "image": "registry.example/counter:1"}}


def accepted(**given: Any) -> StackConfig:  # noqa: ANN401
    return parse(whole(**given), "dev")


def entry(name: str, **given: Any) -> ModelService:  # noqa: ANN401
    return accepted(**given).models[name]


def mistakes(**given: Any) -> list[str]:  # noqa: ANN401
    with pytest.raises(ConfigError) as error:
        accepted(**given)
    return error.value.lines


@pytest.mark.parametrize("bounds", [Bounds, Replicas, NodeRange, SystemNodesConfig])
def test_one_rule_keeps_all_bounds_in_order(bounds: type[Bounds]) -> None:
    assert bounds.model_validate({"min": 2, "max": 2}).max == 2
    with pytest.raises(ValidationError, match="min 3 is greater than max 2"):
        bounds.model_validate({"min": 3, "max": 2})


def test_what_an_entry_leaves_out_depends_on_the_kind_of_its_server() -> None:
    entries = {"a": {"server": {"kind": "pytorch"}, "source": "s3://models/a.pt"}, "b": {"server": {"kind": "vllm"}, "source": "hf://o/b"}}
    models = accepted(models={**entries, "c": CUSTOM}).models
    scaling = {name: model.scaling.model_dump(include={"metric", "target", "queue_depth", "p95_seconds"}) for name, model in models.items()}
    assert scaling == {
        "a": {"metric": "cpu", "target": 80},
        "b": {"metric": "queue", "queue_depth": 4, "p95_seconds": 0.5},
        "c": {"metric": "cpu", "target": 80},
    }
    assert {name: (model.objective.latency_seconds, model.ready_within_seconds) for name, model in models.items()} == {
        "a": (0.1, 100),
        "b": (0.5, 1500),
        "c": (1.0, 300),
    }
    assert {name: model.resources.limits.memory for name, model in models.items()} == {"a": "4Gi", "b": "12Gi", "c": "4Gi"}
    for model in models.values():
        assert (model.replicas.min, model.replicas.max, model.namespace) == (1, 1, "default")
        assert (model.objective.fast, model.objective.availability) == (0.95, 0.995)
        assert (model.versions, model.experiment, model.shadow, model.probe) == ([], None, None, None)
    assert [(each.name, each.source, each.weight) for each in models["a"].all_versions] == [("v1", "s3://models/a.pt", 100)]


def test_a_scaling_without_a_metric_is_the_one_that_its_other_keys_belong_to() -> None:
    scaling = entry(SMOLLM, smollm={"scaling": {"queueDepth": 8}}).scaling
    assert scaling.model_dump() == {"metric": "queue", "queue_depth": 8, "p95_seconds": 0.5}


@pytest.mark.parametrize(
    ("mnist", "line"),
    [
        (
            {"versions": [STABLE, {**CANDIDATE, "weight": 101}]},
            ".versions[1].weight: 101 is not allowed: it should be less than or equal to 100",
        ),
        ({"versions": [STABLE, {**CANDIDATE, "weight": 20}]}, ": weights add up to 110, not to 100"),
        ({"versions": [STABLE, {**CANDIDATE, "name": "v1"}]}, ": two versions have the name v1"),
        (
            {"versions": [STABLE, {**STABLE, "name": "v2", "weight": 10}]},
            ": two versions have the source and image s3://models/mnist/a.pt",
        ),
        (
            {"versions": [{**STABLE, "weight": 80}, CANDIDATE, {**CANDIDATE, "name": "v3"}]},
            ": 3 versions: Knative splits requests between two, stable and its candidate",
        ),
        (
            {"versions": [STABLE, CANDIDATE], "source": "s3://models/mnist/a.pt"},
            ".versions: source and versions say the same; write one of them",
        ),
        ({"versions": []}, ": source is missing: the address of the files that server pytorch reads"),
        ({"versions": [STABLE, {"name": "v2", "weight": 10}]}, ": source is missing: the address of the files that server pytorch reads"),
        (
            {"versions": [STABLE, CANDIDATE], "experiment": {"groups": {"b": "v2"}}},
            ": scaling.metric concurrency is Knative's, which has no experiment and no shadow; choose cpu",
        ),
        ({"versions": [STABLE, {**CANDIDATE, "name": "V2"}]}, '.versions[1].name: "V2" is not allowed: String should match pattern'),
        (
            {"scaling": {"metric": "rps", "scaleToZero": True}, "replicas": {"min": 2, "max": 3}},
            ".scaling: scaleToZero means no replica without load; replicas.min 2 contradicts it, leave it at 1",
        ),
        ({"scaling": {"metric": "cpu", "scaleToZero": True}}, ".scaling.scaleToZero: unknown key; allowed: metric, target"),
        (
            {"scaling": {"metric": "rps", "windowSeconds": 5}},
            ".scaling.windowSeconds: 5 is not allowed: it should be greater than or equal to 6",
        ),
        (
            {"scaling": {"metric": "rps", "scaleDownDelaySeconds": 3601}},
            ".scaling.scaleDownDelaySeconds: 3601 is not allowed: it should be less than or equal to 3600",
        ),
        ({"scaling": {"metric": "queue"}}, ".scaling: metric queue does not exist for server pytorch; choose cpu, concurrency, rps"),
        ({"replicas": {"min": 4, "max": 3}}, ".replicas: min 4 is greater than max 3"),
        (
            {"objective": {"latencySeconds": 0.3}},
            ".objective.latencySeconds: 0.3 is no bound of the gateway's latency histogram; choose one of: ",
        ),
        ({"objective": {"availability": 1}}, ".objective.availability: 1 is not allowed: it should be less than 1"),
        (
            {"probe": {"answer": {"pattern": "a"}}},
            ".probe.answer.pattern: unknown key; allowed: type, required, properties, items, minItems, maxItems, ",
        ),
        (
            {"probe": {"answer": {"items": {"properties": {"a": {"typ": "string"}}}}}},
            ".probe.answer.items.properties.a.typ: unknown key; did you mean type?",
        ),
        (
            {"probe": {"answer": {"type": "text"}}},
            ".probe.answer.type: \"text\" is not allowed; choose one of: 'object', 'array', 'string'",
        ),
        ({"probe": {"answer": {"const": None}}}, ".probe.answer.const: null is written as type: null"),
        ({"probe": {"answer": {"properties": []}}}, ".probe.answer.properties: a list is not a set of keys and values"),
        ({"probe": {"path": "predict"}}, ".probe.path: \"predict\" is not allowed: String should match pattern '^/[!-~]*$'"),
        ({"server": {"kind": "triton"}}, '.server.kind: "triton" is not allowed; choose one of: pytorch, vllm, custom'),
        ({"server": {"kind": "pytorch", "maxModelLen": 1}}, ".server.maxModelLen: unknown key; allowed: kind, image"),
        ({"server": {"kind": "pytorch", "image": "registry.example/mnist"}}, ".server.image: 'registry.example/mnist' has no tag"),
        ({"namespace": "Models"}, '.namespace: "Models" is not allowed: String should match pattern'),
    ],
)
def test_an_entry_that_can_not_be_is_refused_by_its_key(mnist: dict[str, Any], line: str) -> None:
    (found,) = mistakes(mnist=mnist)
    assert found.startswith(f"{KEY}.{MNIST}{line}")


@pytest.mark.parametrize(
    ("smollm", "line"),
    [
        ({"shadow": {"version": "v3"}}, ": there is no version v3 to shadow; there are v1"),
        ({"shadow": {"version": "v1"}}, ": version v1 has weight 100; a shadow has weight 0, or it would get requests twice"),
        ({"experiment": {"groups": {"b": "v9"}}}, ": group b names version v9; there are v1"),
        (
            {"experiment": {"header": "Host", "groups": {"b": "v1"}}},
            ": header Host belongs to HTTP itself; choose another one, such as X-Experiment-Group",
        ),
        ({"experiment": {"groups": {"": "v1"}}}, '.experiment.groups[""]: "" is not allowed: String should have at least 1 character'),
        (
            {"experiment": {"groups": {}}},
            ".experiment.groups: a set of keys and values is not allowed: Dictionary should have at least 1 item",
        ),
        (
            {"experiment": {"header": "X Group", "groups": {"b": "v1"}}},
            '.experiment.header: "X Group" is not allowed: String should match pattern',
        ),
        ({"scaling": {"metric": "concurrency"}}, ".scaling: metric concurrency does not exist for server vllm; choose queue"),
        (
            {"versions": [version("135m", 50), version("135m-instruct", 50)]},
            ": s3://models/smollm/135m-instruct begins with s3://models/smollm/135m: KServe would download both folders for it",
        ),
    ],
)
def test_what_the_versions_do_not_have_is_refused_by_its_key(smollm: dict[str, Any], line: str) -> None:
    (found,) = mistakes(smollm=smollm)
    assert found.startswith(f"{KEY}.{SMOLLM}{line}")


@pytest.mark.parametrize("header", ["host", "Content-Length", "CONNECTION", "te"])
def test_a_header_that_no_client_can_set_is_refused_however_it_is_written(header: str) -> None:
    assert "belongs to HTTP itself" in mistakes(smollm={"experiment": {"header": header, "groups": {"b": "v1"}}})[0]


@pytest.mark.parametrize(
    "versions",
    [
        [{**STABLE, "weight": 100}, {**STABLE, "name": "anew", "weight": 0}],
        [{**STABLE, "weight": 100}, {**CANDIDATE, "weight": 0}],
        [{**STABLE, "weight": 0}, {**CANDIDATE, "image": "r.example/m:2", "weight": 100}],
    ],
)
def test_the_steps_of_a_rollback_and_an_image_alone_are_versions(versions: list[dict[str, Any]]) -> None:
    assert len(entry(MNIST, mnist={"versions": versions}).all_versions) == 2


def test_stable_anew_is_a_step_of_knative_mode_only() -> None:
    anew = [{**STABLE, "weight": 100}, {**STABLE, "name": "anew", "weight": 0}]
    (line,) = mistakes(mnist={"versions": anew, "scaling": {"metric": "cpu"}})
    assert line == f"{KEY}.{MNIST}: two versions have the source and image s3://models/mnist/a.pt"


def test_a_candidate_with_the_image_that_stable_has_anyway_is_none() -> None:
    same = {"name": "v2", "source": STABLE["source"], "image": "registry.example/mnist:1", "weight": 10}
    assert mistakes(mnist={"versions": [STABLE, same]}) == [
        f"{KEY}: {MNIST}.versions[1]: image registry.example/mnist:1 is v1's too, and so is its source"
    ]


@pytest.mark.parametrize("address", ["s3://models/mnist", "s3://models/mnist/a.safetensors", "s3://models/mnist/a.pth", "hf://acme/mnist"])
def test_what_the_server_does_not_read_is_refused(address: str) -> None:
    wrong = f'"{address}" is no file that the server reads; its address must end with .pt'
    assert mistakes(mnist={"source": address}) == [f"{KEY}.{MNIST}.source: {wrong}"]
    assert mistakes(mnist={"versions": [STABLE, {**CANDIDATE, "source": address}]}) == [f"{KEY}.{MNIST}.versions: {wrong}"]


def test_a_folder_of_another_model_is_not_downloaded_beside_ones_own() -> None:
    small, large = ({"server": {"kind": "vllm"}, "source": f"s3://models/llm/{name}"} for name in ("tiny", "tiny-chat"))
    assert mistakes(models={"small": small, "large": large}) == [
        f"{KEY}: large.source: s3://models/llm/tiny-chat begins with s3://models/llm/tiny of small.source: "
        "KServe would download both folders for it (kserve#3776); rename one"
    ]
    accepted(models={"one": small, "two": small})


@pytest.mark.parametrize("address", ["hf://acme/model", "hf://HuggingFaceTB/SmolLM-135M-Instruct:main"])
def test_a_model_of_the_hub_needs_no_store(address: str) -> None:
    model = entry(SMOLLM, smollm={"source": address}, modelStore={"enabled": False})
    assert (model.sources, model.reads_store) == ([address], False)
