"""The stack file: its meaning, and the message for every mistake in it."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.in_cluster.answers import wrong
from components.serving.model import Model
from stacks.config import StackConfig, load, parse
from stacks.config.cluster import ExistingClusterConfig
from stacks.config.errors import ConfigError
from stacks.config.platform import MinioConfig
from tests.model_files import whole
from tests.stack_files import MNIST, local

ENTRY_KEY = f"Pulumi.dev.yaml: inference-platform:models.{MNIST}"


def mistakes(values: dict[str, Any]) -> list[str]:
    with pytest.raises(ConfigError) as error:
        parse(values, "dev")
    return error.value.lines


def test_the_committed_local_stack_is_complete_once_the_machine_adds_its_images() -> None:
    models = parse(local(), "local").models
    assert models.keys() == {MNIST}
    assert models[MNIST].source == "s3://models/mnist/mnist_cnn_single_gpu.pt"
    assert (models[MNIST].replicas.min, models[MNIST].replicas.max) == (1, 3)


def test_resources_default_to_what_the_classifier_is_sized_for() -> None:
    resources = parse(whole(mnist={}), "dev").models[MNIST].resources
    assert (resources.requests.cpu, resources.requests.memory) == ("1", "2Gi")
    assert (resources.limits.cpu, resources.limits.memory) == ("2", "4Gi")


def test_an_empty_stack_is_a_platform_without_models() -> None:
    config = parse({}, "dev")
    assert config.kserve.enabled
    assert config.models == {}


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            {"models__mnist_classifier__replicas": {"min": 4, "max": 3}},
            f"{ENTRY_KEY}.replicas: min 4 is greater than max 3",
        ),
        (
            {"models__mnist_classifier__scaling": {"metric": "gpu"}},
            f'{ENTRY_KEY}.scaling.metric: "gpu" is not allowed; choose one of: cpu, concurrency, rps, queue',
        ),
        (
            {"models__mnist_classifier__scaling": {"metric": "cpu", "target": 120}},
            f"{ENTRY_KEY}.scaling.target: 120 is not allowed: it should be less than or equal to 100",
        ),
        (
            {"models__mnist_classifier__resources__requests__cpu": 3},
            f"{ENTRY_KEY}.resources: requests.cpu 3 is greater than limits.cpu 2",
        ),
        (
            {"models__mnist_classifier__resources__limits__cpu": "two"},
            f'{ENTRY_KEY}.resources.limits.cpu: "two" is not a number of CPUs; write for example 500m (half a CPU), 2 or 1.5',
        ),
        (
            {"modelStore": {"storageSize": 5}},
            'Pulumi.dev.yaml: inference-platform:modelStore.storageSize: "5" is less than 1Mi; '
            "the unit is missing or wrong, write for example 512Mi or 2Gi",
        ),
        (
            {"modelStore": {"mode": "distributed", "replicas": 3}},
            "Pulumi.dev.yaml: inference-platform:modelStore: mode distributed needs replicas of 4 to 16, not 3",
        ),
        (
            {"modelStore": {"replicas": 4}},
            "Pulumi.dev.yaml: inference-platform:modelStore: mode standalone has replicas 1, not 4; mode distributed takes 4 to 16",
        ),
        (
            {"modelStore": {"enabled": False}},
            "Pulumi.dev.yaml: inference-platform:models: mnist-classifier needs modelStore.enabled: true; "
            "set what is missing, or leave models.mnist-classifier out",
        ),
        (
            {"kserve": {"enabled": False}, "modelStore": {"enabled": False}},
            "Pulumi.dev.yaml: inference-platform:models: "
            "mnist-classifier needs kserve.enabled: true, modelStore.enabled: true; "
            "set what is missing, or leave models.mnist-classifier out",
        ),
        (
            {"images": {MNIST: {"server": "registry.example/mnist"}}},
            "Pulumi.dev.yaml: inference-platform:images.mnist-classifier.server: 'registry.example/mnist' has no tag; "
            "write <repository>:<tag> or <repository>@sha256:<digest>",
        ),
        (
            {"modelstore": {}},
            "Pulumi.dev.yaml: inference-platform:modelstore: unknown key; did you mean modelStore? "
            "allowed: cluster, gpu, safeguards, mirror, placement, gatewayApi, certManager, envoyGateway, knative, keda, monitoring, "
            "gpuOperator, kserve, modelStore, images, models",
        ),
        (
            {"models__mnist_classifier__replica": 2},
            f"{ENTRY_KEY}.replica: unknown key; did you mean replicas? "
            "allowed: server, source, versions, replicas, scaling, "
            "resources, experiment, shadow, objective, probe, namespace, readyWithinSeconds, placement, sagemaker",
        ),
        (
            {"models": {MNIST: {}}},
            f"{ENTRY_KEY}.server: is required: The kind of server, and its settings.",
        ),
        ({"mirror": "quay"}, 'Pulumi.dev.yaml: inference-platform:mirror: "quay" is not a set of keys and values'),
        (
            {"mirror": {"images": {"quay.io/x": 5}}},
            'Pulumi.dev.yaml: inference-platform:mirror.images["quay.io/x"]: 5 is read as a number; put it in quotes',
        ),
    ],
)
def test_a_mistake_is_one_line_with_key_value_and_what_is_allowed(change: dict[str, Any], line: str) -> None:
    assert mistakes(local(**change)) == [line]


@pytest.mark.parametrize("model", ["models/a.pt", "s3://models/", "s3://models//a.pt", "s3://models/a b.pt", ""])
def test_a_model_is_an_object(model: str) -> None:
    (line,) = mistakes(local(models__mnist_classifier__source=model))
    assert line.startswith(f"{ENTRY_KEY}.source: {json.dumps(model)} is not the address of a model")
    assert "s3://<bucket>/<key>" in line


def test_a_model_is_in_the_store() -> None:
    (line,) = mistakes(local(models__mnist_classifier__source="s3://weights/a.pt"))
    assert line.endswith(':models: mnist-classifier.source: "s3://weights/a.pt" is not in the model store; its bucket is models')


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"cluster": {"kind": "gke"}}, 'cluster.kind: "gke" is not allowed; choose one of: existing, eks'),
        ({"modelStore": {"backend": "azure"}}, 'modelStore.backend: "azure" is not allowed; choose one of: minio, s3'),
        ({"modelStore": {"backend": "s3"}}, "modelStore.bucket: is required: The bucket's name, globally unique."),
        (
            {"placement": {"tolerations": [{"key": "a", "efect": "x"}]}},
            "placement.tolerations[0].efect: unknown key; did you mean effect? ",
        ),
    ],
)
def test_a_mistake_inside_a_choice_or_a_list_is_named_as_in_the_file(change: dict[str, Any], line: str) -> None:
    (found,) = mistakes({**change, "models": {}})
    assert found.startswith(f"Pulumi.dev.yaml: inference-platform:{line}")


def test_all_mistakes_are_told_at_once() -> None:
    lines = mistakes(local(cluster={"kind": "gke"}, kserve={"enabled": "perhaps"}, models__mnist_classifier__replicas={"min": 0, "max": 2}))
    assert [line.split(": ")[1] for line in lines] == [
        "inference-platform:cluster.kind",
        "inference-platform:kserve.enabled",
        "inference-platform:models.mnist-classifier.replicas.min",
    ]


def test_what_a_model_lacks_is_reported_together_with_mistakes_elsewhere() -> None:
    told = mistakes(local(kserve={"enabled": False}, mirror="quay"))
    assert [line.split(": ")[1] for line in told] == ["inference-platform:mirror", "inference-platform:models"]


def test_a_section_with_a_mistake_of_its_own_is_not_said_to_be_missing() -> None:
    assert mistakes(local(kserve={"enabled": "perhaps"})) != []
    assert not any("needs" in line for line in mistakes(local(kserve={"enabled": "perhaps"})))


def test_a_kubeconfig_is_a_secret_output_and_is_not_repeated_even_when_the_file_does_not_encrypt_it() -> None:
    cluster = parse(local(cluster={"kubeconfig": "/root/hunter2"}), "dev").cluster
    assert isinstance(cluster, ExistingClusterConfig)
    assert isinstance(cluster.kubeconfig, pulumi.Output)
    assert "hunter2" not in "".join(mistakes(local(cluster={"kubeconfig": {"hunter2": "hunter2"}})))


def test_the_loader_sees_keys_nobody_asked_for_and_leaves_other_namespaces_alone() -> None:
    pulumi.runtime.set_all_config({"inference-platform:kserv": "{}", "aws:region": "eu-west-1", "inference-platform:mirror": "quay"}, [])
    with pytest.raises(ConfigError) as error:
        load("dev")
    assert [line.split(": ")[1] for line in error.value.lines] == ["inference-platform:mirror", "inference-platform:kserv"]


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
SECTIONS = ["cluster", "mirror", "certManager", "kserve", "modelStore", "images", "models"]
FIELDS = ["kind", "kubeconfig", "charts", "images", "digests", "enabled", "mode", "replicas", "storageSize", MNIST, "server", "weights"]
ENTRY = ["source", "scaling", "resources", "min", "max", "metric", "target", "requests", "limits", "cpu", "memory", "versions", "nonsense"]
KEYS = st.sampled_from(SECTIONS + FIELDS + ENTRY)
VALUES = st.recursive(
    SCALARS | st.sampled_from(["existing", "2Gi", "500m", "a:1", "s3://models/a.pt", "distributed", "cpu"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
CHANGES = st.dictionaries(
    st.sampled_from(
        ["modelStore", "images", "mirror__images", "models__mnist_classifier__replicas", "models__mnist_classifier__resources", "kserve"]
    ),
    VALUES,
)
PLAUSIBLE: dict[str, list[object]] = {
    "server": [{"kind": kind, **more} for kind in ("pytorch", "vllm", "custom") for more in ({}, {"image": "r/a:1"}, {"port": 9000})],
    "source": ["s3://models/a.pt", "s3://models/a", "hf://acme/a", None],
    "versions": [
        [],
        [{"name": "v2", "source": "s3://models/b.pt", "weight": 100}],
        [{"name": "v1", "source": "s3://models/a", "weight": 50}, {"name": "v2", "source": "s3://models/a-b", "weight": 50}],
        [{"name": "v1", "source": "hf://acme/a", "weight": 100}, {"name": "v2", "image": "r/a:2", "source": "hf://acme/a", "weight": 0}],
    ],
    "replicas": [{"min": 1, "max": 3}, {"min": 2, "max": 1}],
    "scaling": [{"metric": "cpu"}, {"metric": "rps", "scaleToZero": True}, {"queueDepth": 4}, {"target": 200}],
    "shadow": [{"version": "v2"}, None],
    "experiment": [{"groups": {"b": "v1"}}, {"header": "Host", "groups": {"b": "v1"}}],
    "objective": [{"latencySeconds": 0.5}, {"latencySeconds": 7}],
    "probe": [{}, {"request": {"a": [1]}, "answer": {"type": "object"}}, {"answer": {"type": "nothing"}}, {"answer": {"oneOf": []}}],
    "namespace": ["default", "Default"],
    "readyWithinSeconds": [600, 5],
}
ENTRIES = st.fixed_dictionaries({}, optional={key: st.sampled_from(values) | VALUES for key, values in PLAUSIBLE.items()})
MODELS = st.dictionaries(st.sampled_from(["a", "a-v2", "a-smoke", "a-predictor", "A", "a" * 60]), ENTRIES, max_size=3)


@settings(max_examples=150)
@given(st.dictionaries(KEYS, VALUES, max_size=4) | CHANGES.map(lambda changes: local(**changes)))
def test_any_input_is_a_stack_or_mistakes_that_name_their_key(values: dict[str, Any]) -> None:
    config = parsed_or_lines(values)
    if isinstance(config, list):
        named(config, values)
        return
    for model in config.models.values():
        assert config.kserve.enabled
        assert config.model_store.enabled or not model.reads_store
        assert model.replicas.min <= model.replicas.max
    store = config.model_store
    assert not isinstance(store, MinioConfig) or store.mode == "standalone" or store.replicas >= 4


@pytest.mark.slow
@settings(max_examples=300)
@given(MODELS)
def test_any_entry_is_a_model_or_mistakes_that_name_their_key(models: dict[str, Any]) -> None:
    values = whole(models=models)
    config = parsed_or_lines(values)
    if isinstance(config, list):
        named(config, values)
        assert all(line.startswith("Pulumi.dev.yaml: inference-platform:models") for line in config)
        return
    assert config.models.keys() == models.keys()
    built = [Model(name=name, entry=entry) for name, entry in config.models.items()]
    parts = [part.name for model in built for part in model.parts]
    assert len(parts) == len(set(parts))
    for model in built:
        assert sum(version.weight for version in model.versions) == 100
        assert model.entry.scaling.metric in model.entry.server.scalings
        wrong(b"null", json.loads(model.question.answer))  # raises for a keyword that it does not know
        assert all(each.threshold for each in model.triggers)


def named(lines: list[str], values: dict[str, Any]) -> None:
    """Hold every line to its form: file, key as written there, and words."""
    assert lines
    for line in lines:
        file, key, text = line.split(": ", 2)
        assert file == "Pulumi.dev.yaml"
        assert key.removeprefix("inference-platform:").split(".")[0].split("[")[0] in values
        assert text
        assert "\n" not in line


def parsed_or_lines(values: dict[str, Any]) -> StackConfig | list[str]:
    try:
        return parse(values, "dev")
    except ConfigError as error:
        return error.lines
