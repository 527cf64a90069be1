"""The stack file: what it means, and what it says about every mistake in it."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stacks.config import StackConfig, load, parse
from stacks.config.cluster import ExistingClusterConfig
from stacks.config.errors import ConfigError
from stacks.config.platform import MinioConfig
from tests.stack_files import local


def mistakes(values: dict[str, Any], secret_keys: frozenset[str] = frozenset()) -> list[str]:
    with pytest.raises(ConfigError) as error:
        parse(values, "dev", secret_keys)
    return error.value.lines


def test_the_committed_local_stack_is_complete_once_the_machine_adds_its_images() -> None:
    mnist = parse(local(), "local").services.mnist
    assert mnist is not None
    assert mnist.model == "s3://models/mnist/mnist_cnn_single_gpu.pt"
    assert (mnist.replicas.min, mnist.replicas.max) == (1, 3)


def test_resources_default_to_what_the_classifier_is_sized_for() -> None:
    mnist = parse(local(services={"mnist": {"model": "s3://models/mnist/a.pt"}}), "dev").services.mnist
    assert mnist is not None
    assert (mnist.resources.requests.cpu, mnist.resources.requests.memory) == ("1", "2Gi")
    assert (mnist.resources.limits.cpu, mnist.resources.limits.memory) == ("2", "4Gi")


def test_an_empty_stack_is_a_platform_without_services() -> None:
    config = parse({}, "dev")
    assert config.kserve.enabled
    assert config.services.mnist is None


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            {"models__mnist_classifier__replicas": {"min": 4, "max": 3}},
            "Pulumi.dev.yaml: inference-platform:services.mnist.replicas: min 4 is greater than max 3",
        ),
        (
            {"models__mnist_classifier__scaling": {"metric": "gpu"}},
            'Pulumi.dev.yaml: inference-platform:services.mnist.scaling.metric: "gpu" is not allowed; choose one of: cpu, concurrency, rps',
        ),
        (
            {"models__mnist_classifier__scaling": {"target": 120}},
            "Pulumi.dev.yaml: inference-platform:services.mnist.scaling.target: 120 is not allowed: it should be less than or equal to 100",
        ),
        (
            {"models__mnist_classifier__resources": {"requests": {"cpu": 3, "memory": "1Gi"}}},
            "Pulumi.dev.yaml: inference-platform:services.mnist.resources: requests.cpu 3 is greater than limits.cpu 2",
        ),
        (
            {"models__mnist_classifier__resources": {"limits": {"cpu": "two", "memory": "1Gi"}}},
            'Pulumi.dev.yaml: inference-platform:services.mnist.resources.limits.cpu: "two" is not a quantity above zero; '
            "write for example 500m, 2 or 2Gi",
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
            "Pulumi.dev.yaml: inference-platform:services: mnist needs modelStore.enabled: true; "
            "set what is missing, or leave services.mnist out",
        ),
        (
            {"kserve": {"enabled": False}, "images": {"mnist": "registry.example/mnist:1"}},
            "Pulumi.dev.yaml: inference-platform:services: mnist needs kserve.enabled: true, images.mnistWeights; "
            "set what is missing, or leave services.mnist out",
        ),
        (
            {"images": {"mnist": "registry.example/mnist"}},
            "Pulumi.dev.yaml: inference-platform:images.mnist: 'registry.example/mnist' has no tag; write <repository>:<tag>",
        ),
        (
            {"modelstore": {}},
            "Pulumi.dev.yaml: inference-platform:modelstore: unknown key; did you mean modelStore? "
            "allowed: cluster, gpu, safeguards, mirror, placement, gatewayApi, certManager, envoyGateway, knative, keda, monitoring, "
            "gpuOperator, kserve, modelStore, images, services",
        ),
        (
            {"models__mnist_classifier__replica": 2},
            "Pulumi.dev.yaml: inference-platform:services.mnist.replica: unknown key; did you mean replicas? "
            "allowed: model, replicas, scaling, canary, resources, readyWithinSeconds",
        ),
        (
            {"services": {"mnist": {}}},
            "Pulumi.dev.yaml: inference-platform:services.mnist.model: is required: "
            "The weights' address in the model store: s3://<bucket>/<key>.",
        ),
        ({"mirror": "quay"}, 'Pulumi.dev.yaml: inference-platform:mirror: "quay" is not a set of keys and values'),
        (
            {"mirror": {"images": {"quay.io/x": 5}}},
            'Pulumi.dev.yaml: inference-platform:mirror.images["quay.io/x"]: 5 is not allowed: it should be a valid string',
        ),
    ],
)
def test_a_mistake_is_one_line_with_key_value_and_what_is_allowed(change: dict[str, Any], line: str) -> None:
    assert mistakes(local(**change)) == [line]


@pytest.mark.parametrize("model", ["models/a.pt", "s3://models/", "s3://models//a.pt", "s3://models/a b.pt", ""])
def test_a_model_is_an_object(model: str) -> None:
    (line,) = mistakes(local(models__mnist_classifier__source=model))
    assert line.startswith(f"Pulumi.dev.yaml: inference-platform:services.mnist.model: {json.dumps(model)} is not the address of a model")
    assert "s3://<bucket>/<key>" in line


def test_a_model_is_in_the_store() -> None:
    (line,) = mistakes(local(models__mnist_classifier__source="s3://weights/a.pt"))
    assert line == (
        'Pulumi.dev.yaml: inference-platform:services: mnist.model: "s3://weights/a.pt" is not in the model store; its bucket is models'
    )


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"cluster": {"kind": "gke"}}, 'cluster.kind: "gke" is not allowed; choose one of: existing, eks'),
        ({"modelStore": {"backend": "azure"}}, 'modelStore.backend: "azure" is not allowed; choose one of: minio, s3'),
        ({"modelStore": {"backend": "s3"}}, "modelStore.bucket: is required: The bucket's name, unique on earth."),
        (
            {"placement": {"tolerations": [{"key": "a", "efect": "x"}]}},
            "placement.tolerations[0].efect: unknown key; did you mean effect? ",
        ),
    ],
)
def test_a_mistake_inside_a_choice_or_a_list_is_named_as_in_the_file(change: dict[str, Any], line: str) -> None:
    (found,) = mistakes({**change, "services": {}})
    assert found.startswith(f"Pulumi.dev.yaml: inference-platform:{line}")


def test_all_mistakes_are_told_at_once() -> None:
    lines = mistakes(local(cluster={"kind": "gke"}, kserve={"enabled": "perhaps"}, models__mnist_classifier__replicas={"min": 0, "max": 2}))
    assert [line.split(": ")[1] for line in lines] == [
        "inference-platform:cluster.kind",
        "inference-platform:kserve.enabled",
        "inference-platform:services.mnist.replicas.min",
    ]


def test_what_a_service_lacks_is_reported_together_with_mistakes_elsewhere() -> None:
    told = mistakes(local(kserve={"enabled": False}, mirror="quay"))
    assert [line.split(": ")[1] for line in told] == ["inference-platform:mirror", "inference-platform:services"]


def test_a_section_with_a_mistake_of_its_own_is_not_said_to_be_missing() -> None:
    assert mistakes(local(kserve={"enabled": "perhaps"})) != []
    assert not any("needs" in line for line in mistakes(local(kserve={"enabled": "perhaps"})))


def test_a_secret_value_is_never_repeated() -> None:
    values = local(cluster={"kind": "hunter2", "kubeconfig": ["hunter2"]}, models__mnist_classifier__replicas={"min": 7777, "max": 3})
    told = "\n".join(mistakes(values, frozenset({"cluster", "services"})))
    assert "hunter2" not in told
    assert "7777" not in told
    assert "inference-platform:cluster.kind" in told
    assert "inference-platform:services.mnist.replicas" in told


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
SECTIONS = ["cluster", "mirror", "certManager", "kserve", "modelStore", "images", "services"]
FIELDS = ["kind", "kubeconfig", "charts", "images", "digests", "enabled", "mode", "replicas", "storageSize", "mnist", "mnistWeights"]
MNIST = ["model", "scaling", "resources", "min", "max", "metric", "target", "requests", "limits", "cpu", "memory", "nonsense"]
KEYS = st.sampled_from(SECTIONS + FIELDS + MNIST)
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


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(KEYS, VALUES, max_size=4) | CHANGES.map(lambda changes: local(**changes)))
def test_any_input_is_a_stack_or_mistakes_that_name_their_key(values: dict[str, Any]) -> None:
    config = parsed_or_lines(values)
    if isinstance(config, list):
        assert config
        for line in config:
            file, key, text = line.split(": ", 2)
            assert file == "Pulumi.dev.yaml"
            assert key.removeprefix("inference-platform:").split(".")[0].split("[")[0] in values
            assert text
            assert "\n" not in line
        return
    mnist = config.services.mnist
    if mnist is not None:
        assert config.kserve.enabled
        assert config.model_store.enabled
        assert config.images.mnist
        assert mnist.replicas.min <= mnist.replicas.max
    store = config.model_store
    assert not isinstance(store, MinioConfig) or store.mode == "standalone" or store.replicas >= 4


def parsed_or_lines(values: dict[str, Any]) -> StackConfig | list[str]:
    try:
        return parse(values, "dev")
    except ConfigError as error:
        return error.lines
