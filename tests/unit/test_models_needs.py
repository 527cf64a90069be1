"""The parts of a stack file that a model needs, and the line for each one that is missing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from stacks.config.needs import TAKEN_NAMESPACES
from stacks.images import registries
from tests.model_files import version
from tests.stack_files import IMAGES_BY_DIGEST, MNIST, SMOLLM
from tests.unit.test_models_config import CANDIDATE, CUSTOM, KEY, STABLE, accepted, mistakes

DIGEST = f"sha256:{'ab' * 32}"
PROMETHEUS = "http://prometheus.example:9090"


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"mnist": {}, "kserve": {"enabled": False}}, f"{MNIST} needs kserve.enabled: true"),
        ({"mnist": {}, "knative": {"enabled": False}}, f"{MNIST} needs knative.enabled: true"),
        ({"mnist": {}, "envoyGateway": {"enabled": False}}, f"{MNIST} needs envoyGateway.enabled: true"),
        ({"mnist": {}, "modelStore": {"enabled": False}}, f"{MNIST} needs modelStore.enabled: true"),
        ({"smollm": {}, "keda": {"enabled": False}}, f"{SMOLLM} needs keda.enabled: true"),
        (
            {"smollm": {"versions": [version("v1", 50), version("v2", 50)]}, "envoyGateway": {"enabled": False}},
            f"{SMOLLM} needs envoyGateway.enabled: true",
        ),
        ({"smollm": {}, "monitoring": {}}, f"{SMOLLM} needs monitoring.enabled: true or monitoring.prometheusUrl"),
        ({"smollm": {}, "gpu": {"mode": "none"}, "gpuOperator": {}}, f"{SMOLLM} needs gpu.mode: managed, karpenter or existing"),
        ({"smollm": {}, "modelStore": {"enabled": False}}, f"{SMOLLM} needs modelStore.enabled: true"),
    ],
)
def test_a_model_without_what_it_stands_on_is_refused(given: dict[str, Any], line: str) -> None:
    name = line.split()[0]
    assert mistakes(**given) == [f"{KEY}: {line}; set what is missing, or leave models.{name} out"]


def test_a_model_needs_only_what_it_uses() -> None:
    off = {key: {"enabled": False} for key in ("knative", "envoyGateway", "keda", "monitoring", "gpuOperator")}
    cpu = {"scaling": {"metric": "cpu"}}
    assert accepted(mnist=cpu, models={"c": CUSTOM}, **off, gpu={"mode": "none"}).models.keys() == {MNIST, "c"}
    assert accepted(models={"c": CUSTOM}, **off, gpu={"mode": "none"}, modelStore={"enabled": False}).models.keys() == {"c"}


def test_what_several_models_lack_is_told_at_once() -> None:
    two = {"versions": [version("v1", 50), version("v2", 50)]}
    (line,) = mistakes(mnist={}, smollm=two, envoyGateway={"enabled": False})
    assert f"{MNIST} needs envoyGateway" in line
    assert f"{SMOLLM} needs envoyGateway" in line


def test_an_existing_prometheus_is_enough() -> None:
    assert accepted(smollm={}, monitoring={"prometheusUrl": PROMETHEUS}).models
    assert accepted(monitoring={"prometheusUrl": f"{PROMETHEUS}/"}).monitoring.prometheus_url == PROMETHEUS
    (line,) = mistakes(monitoring={"prometheusUrl": "http://u:secret@p.m"})
    assert line.startswith("Pulumi.dev.yaml: inference-platform:monitoring.prometheusUrl: the address holds a user or a password")


def test_labels_are_those_of_an_existing_prometheus() -> None:
    labels = {"prometheus": "bench"}
    assert accepted(monitoring={"prometheusUrl": PROMETHEUS, "labels": labels}).monitoring.labels == labels
    assert accepted(monitoring={"prometheusUrl": f"{PROMETHEUS}/"}).monitoring.prometheus_url == PROMETHEUS
    (line,) = mistakes(monitoring={"prometheusUrl": "http://u:secret@p.m"})
    assert line.startswith("Pulumi.dev.yaml: inference-platform:monitoring.prometheusUrl: the address holds a user or a password")
    refused = "labels are for an existing Prometheus; name it in prometheusUrl or leave labels out"
    for monitoring in ({"labels": labels}, {"enabled": True, "labels": labels}):
        assert mistakes(monitoring=monitoring) == [f"Pulumi.dev.yaml: inference-platform:monitoring: {refused}"]


def test_every_version_is_in_the_store_and_named_by_its_key() -> None:
    others = {"versions": [STABLE, {**CANDIDATE, "source": "s3://others/mnist/b.pt"}]}
    (line,) = mistakes(mnist=others, smollm={"source": "s3://others/smollm"})
    assert line == (
        f'{KEY}: {MNIST}.versions[1].source: "s3://others/mnist/b.pt" is not in the model store; its bucket is models; '
        f'{SMOLLM}.source: "s3://others/smollm" is not in the model store; its bucket is models'
    )


def test_weights_are_an_image_like_any_other_and_may_be_left_out() -> None:
    assert SMOLLM not in accepted(smollm={}).images
    by_tag = {**IMAGES_BY_DIGEST, SMOLLM: {"weights": "weights.example/smollm:1"}}
    assert registries(accepted(smollm={}, images=by_tag)) == {"registry.example", "weights.example"}
    (line,) = mistakes(smollm={}, images=by_tag, safeguards={"digests": "required"})
    assert line.startswith("Pulumi.dev.yaml: inference-platform:images: safeguards.digests: required needs every image as")


@pytest.mark.parametrize(
    ("reference", "host"),
    [("mnist:dev", "docker.io"), ("acme/mnist:1", "docker.io"), ("localhost/m:1", "localhost"), ("r.example:5000/m:1", "r.example:5000")],
)
def test_knative_asks_no_registry_for_an_image_of_a_models_own(reference: str, host: str) -> None:
    """An image that was loaded into a kind node exists nowhere else: Knative would find no digest, and start nothing."""
    assert registries(accepted(mnist={}, images={MNIST: {"server": reference}})) == {host}
    own = {"server": {"kind": "pytorch", "image": reference}}
    assert registries(accepted(mnist=own, images={})) == {host}
    tried = {"versions": [STABLE, {**CANDIDATE, "image": reference}]}
    assert registries(accepted(mnist=tried, images={})) == {host}


def test_an_image_that_no_server_would_run_is_refused() -> None:
    """The kind's own image would run in its place, and nobody would see why."""
    images = {SMOLLM: {"server": "registry.example/vllm:1"}}
    line = f"{KEY}: images.{SMOLLM}.server: kind vllm runs its own image; set models.{SMOLLM}.server.image"
    assert mistakes(smollm={}, images=images) == [line]


def test_where_digests_are_required_an_entry_names_no_image_by_a_tag() -> None:
    required = {"images": IMAGES_BY_DIGEST, "safeguards": {"digests": "required"}}
    assert accepted(mnist={}, **required).models
    by_tag = {"versions": [STABLE, {**CANDIDATE, "image": "registry.example/mnist:2"}]}
    wrong = "has no digest, and safeguards.digests: required needs <repository>:<tag>@sha256:<digest>"
    assert mistakes(mnist=by_tag, **required) == [f'{KEY}: {MNIST}.versions[1].image: "registry.example/mnist:2" {wrong}']
    assert mistakes(models={"counter": CUSTOM}, **required) == [f'{KEY}: counter.server.image: "registry.example/counter:1" {wrong}']
    by_digest = {"versions": [STABLE, {**CANDIDATE, "image": f"registry.example/mnist:2@{DIGEST}"}]}
    assert accepted(mnist=by_digest, **required).models


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("kubernetes", {}, "kubernetes is the name of an object that Kubernetes itself keeps"),
        ("default", {}, "default is the name of an object that Kubernetes itself keeps"),
        ("iris", {"namespace": "kserve"}, "iris.namespace: kserve belongs to Kubernetes or to the platform"),
        ("iris", {"namespace": "kube-system"}, "iris.namespace: kube-system belongs to Kubernetes or to the platform"),
        ("iris", {"source": "s3://models/../x"}, '"s3://models/../x" is not the address of a model'),
    ],
)
def test_names_that_are_taken_are_refused(name: str, changes: dict[str, Any], words: str) -> None:
    assert any(words in line for line in mistakes(models={name: {**CUSTOM, **changes}}))


def test_one_name_of_two_grants_is_refused() -> None:
    models = {"c": {**CUSTOM, "namespace": "a-b"}, "b-c": {**CUSTOM, "namespace": "a"}}
    assert any("a-b-c is namespace and name of two models" in line for line in mistakes(models=models))


def test_the_platforms_namespaces_are_those_of_its_components() -> None:
    folder = Path(__file__).parents[2] / "components" / "platform"
    stated = {found[1] for file in folder.glob("*.py") if (found := re.search(r'^NAMESPACE = "(.+)"$', file.read_text(), re.MULTILINE))}
    assert stated <= TAKEN_NAMESPACES


def test_a_secret_that_is_no_map_is_not_repeated() -> None:
    server = {"kind": "custom", "secretEnv": "hunter2-in-no-message"}
    lines = mistakes(models={"iris": {"server": server}})
    assert lines
    assert "hunter2" not in "".join(lines)


@pytest.mark.parametrize("kind", [None, "", 0, {}])
def test_an_empty_kind_is_one_line_that_names_them_all(kind: object) -> None:
    (line,) = mistakes(models={"iris": {"server": {"kind": kind}}})
    assert "pytorch, vllm, custom" in line
