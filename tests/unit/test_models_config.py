"""What a stack file says of its services, and what it is told about every mistake there."""

from __future__ import annotations

from typing import Any

import pytest

from stacks.config import ConfigError, StackConfig, parse
from tests.model_files import version, whole
from tests.stack_files import IMAGES_BY_DIGEST

DIGEST = f"sha256:{'ab' * 32}"
KEY = "Pulumi.dev.yaml: inference-platform:services"
PROMETHEUS = "http://prometheus.example:9090"


def accepted(**given: Any) -> StackConfig:  # noqa: ANN401
    return parse(whole(**given), "dev")


def mistakes(**given: Any) -> list[str]:  # noqa: ANN401
    with pytest.raises(ConfigError) as error:
        accepted(**given)
    return error.value.lines


def test_defaults_are_those_of_the_design() -> None:
    services = accepted(mnist={}, smollm={}).services
    assert services.mnist is not None
    assert services.smollm is not None
    assert (services.mnist.scaling.metric, services.mnist.scaling.target, services.mnist.canary) == ("concurrency", 10, None)
    assert (services.smollm.scaling.queue_depth, services.smollm.scaling.p95_seconds, services.smollm.gpus) == (4, 0.5, 1)
    assert (services.smollm.replicas.min, services.smollm.replicas.max) == (1, 2)
    optional = services.smollm.model_dump(include={"quantization", "tool_calling", "shadow", "experiment"})
    assert set(optional.values()) == {None}


def test_every_model_and_image_is_known_by_its_key() -> None:
    canary = {"model": "s3://models/mnist/b.pt", "image": "registry.example/mnist:2", "percent": 10}
    versions = [version("v1", 90), version("v2", 10, image="registry.example/vllm:2")]
    services = accepted(mnist={"canary": canary}, smollm={"versions": versions}).services
    assert services.models == {
        "mnist.model": "s3://models/mnist/a.pt",
        "mnist.canary.model": "s3://models/mnist/b.pt",
        "smollm.versions[0].model": "s3://models/smollm/v1",
        "smollm.versions[1].model": "s3://models/smollm/v2",
    }
    assert services.images == {"mnist.canary.image": "registry.example/mnist:2", "smollm.versions[1].image": "registry.example/vllm:2"}


@pytest.mark.parametrize(
    ("mnist", "line"),
    [
        (
            {"scaling": {"metric": "cpu"}, "canary": {"model": "s3://models/mnist/b.pt", "percent": 10}},
            f"{KEY}.mnist.canary: needs scaling.metric concurrency or rps: with cpu KServe would ignore the percentage",
        ),
        (
            {"canary": {"model": "s3://models/mnist/a.pt", "percent": 10}},
            f"{KEY}.mnist.canary: model s3://models/mnist/a.pt is the stable one too; a candidate has another model or another image",
        ),
        (
            {"canary": {"image": "registry.example/mnist:1", "percent": 10}},
            f"{KEY}: mnist.canary: image registry.example/mnist:1 is the stable one too",
        ),
        (
            {"canary": {"percent": 10}},
            f"{KEY}.mnist.canary: percent 10 goes to no candidate: name its model or its image, or write percent 0",
        ),
        (
            {"canary": {"model": "s3://models/mnist/b.pt", "percent": 101}},
            f"{KEY}.mnist.canary.percent: 101 is not allowed: it should be less than or equal to 100",
        ),
        (
            {"canary": {"model": "s3://others/mnist/b.pt", "percent": 10}},
            f'{KEY}: mnist.canary.model: "s3://others/mnist/b.pt" is not in the model store; its bucket is models',
        ),
        (
            {"scaling": {"metric": "rps", "scaleToZero": True}, "replicas": {"min": 2, "max": 3}},
            f"{KEY}.mnist.scaling: scaleToZero means no replica without load; replicas.min 2 contradicts it, leave it at 1",
        ),
        ({"scaling": {"metric": "cpu", "scaleToZero": True}}, f"{KEY}.mnist.scaling.scaleToZero: unknown key; allowed: metric, target"),
        (
            {"scaling": {"metric": "rps", "windowSeconds": 5}},
            f"{KEY}.mnist.scaling.windowSeconds: 5 is not allowed: it should be greater than or equal to 6",
        ),
        (
            {"scaling": {"metric": "rps", "scaleDownDelaySeconds": 3601}},
            f"{KEY}.mnist.scaling.scaleDownDelaySeconds: 3601 is not allowed: it should be less than or equal to 3600",
        ),
    ],
)
def test_a_canary_or_a_scaling_that_can_not_be_is_refused_by_its_key(mnist: dict[str, Any], line: str) -> None:
    assert mistakes(mnist=mnist) == [line]


@pytest.mark.parametrize(
    "canary", [{"percent": 0}, {"model": "s3://models/mnist/b.pt", "percent": 0}, {"image": "r.example/m:2", "percent": 100}]
)
def test_the_steps_of_a_rollback_and_an_image_alone_are_canaries(canary: dict[str, Any]) -> None:
    assert accepted(mnist={"canary": canary}).services.mnist


@pytest.mark.parametrize(
    ("smollm", "line"),
    [
        ({"versions": [version("v1", 90), version("v2", 20)]}, ".versions: weights add up to 110, not to 100"),
        ({"versions": [version("v1", 50), version("v1", 50)]}, ".versions: two versions have the name v1"),
        (
            {"versions": [version("v1", 50), {**version("v1", 50), "name": "v2"}]},
            ".versions: two versions have the model and image s3://models/smollm/v1",
        ),
        (
            {"versions": [version("v1", 100), version("v2", -1)]},
            ".versions[1].weight: -1 is not allowed: it should be greater than or equal to 0",
        ),
        ({"shadow": {"version": "v3"}}, ".shadow: there is no version v3 to shadow; there are v1"),
        ({"shadow": {"version": "v1"}}, ".shadow: version v1 has weight 100; a shadow has weight 0, or it would get requests twice"),
        ({"experiment": {"groups": {"b": "v9"}}}, ".experiment: group b names version v9; there are v1"),
        ({"gpus": 2}, ".gpus: 2 is not allowed; choose one of: 1"),
    ],
)
def test_versions_that_can_not_be_are_refused_by_their_key(smollm: dict[str, Any], line: str) -> None:
    assert mistakes(smollm=smollm) == [f"{KEY}.smollm{line}"]


def test_a_latency_between_two_buckets_is_refused_with_those_there_are() -> None:
    (line,) = mistakes(smollm={"scaling": {"p95Seconds": 0.6}})
    assert line.startswith(f"{KEY}.smollm.scaling.p95Seconds: 0.6 is no bound of vLLM's latency histogram; choose one of: 0.3, 0.5, 0.8")


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"mnist": {}, "knative": {"enabled": False}}, "mnist needs knative.enabled: true"),
        ({"mnist": {}, "envoyGateway": {"enabled": False}}, "mnist needs envoyGateway.enabled: true"),
        ({"smollm": {}, "keda": {"enabled": False}}, "smollm needs keda.enabled: true"),
        ({"smollm": {}, "envoyGateway": {"enabled": False}}, "smollm needs envoyGateway.enabled: true"),
        ({"smollm": {}, "monitoring": {}}, "smollm needs monitoring.enabled: true or monitoring.prometheusUrl"),
        ({"smollm": {}, "gpu": {"mode": "none"}, "gpuOperator": {}}, "smollm needs gpu.mode: managed or existing"),
        ({"smollm": {}, "modelStore": {"enabled": False}}, "smollm needs modelStore.enabled: true"),
    ],
)
def test_a_service_without_what_it_stands_on_is_refused(given: dict[str, Any], line: str) -> None:
    service = line.split()[0]
    assert mistakes(**given) == [f"{KEY}: {line}; set what is missing, or leave services.{service} out"]


def test_what_several_services_lack_is_told_at_once() -> None:
    (line,) = mistakes(mnist={}, smollm={}, envoyGateway={"enabled": False})
    assert "mnist needs envoyGateway" in line
    assert "smollm needs envoyGateway" in line


def test_an_existing_prometheus_is_enough() -> None:
    assert accepted(smollm={}, monitoring={"prometheusUrl": PROMETHEUS}).services.smollm


def test_labels_are_those_of_an_existing_prometheus() -> None:
    labels = {"prometheus": "bench"}
    assert accepted(monitoring={"prometheusUrl": PROMETHEUS, "labels": labels}).monitoring.labels == labels
    assert accepted(monitoring={"prometheusUrl": f"{PROMETHEUS}/"}).monitoring.prometheus_url == PROMETHEUS
    (line,) = mistakes(monitoring={"prometheusUrl": "http://u:secret@p.m"})
    assert line.startswith("Pulumi.dev.yaml: inference-platform:monitoring.prometheusUrl: the address holds a user or a password")
    refused = "labels are what an existing Prometheus chooses by; name it in prometheusUrl or leave them out"
    for monitoring in ({"labels": labels}, {"enabled": True, "labels": labels}):
        assert mistakes(monitoring=monitoring) == [f"Pulumi.dev.yaml: inference-platform:monitoring: {refused}"]


def test_the_weights_of_smollm_are_an_image_like_any_other_and_may_be_left_out() -> None:
    assert accepted(smollm={}).images.smollm_weights is None
    by_tag = {**IMAGES_BY_DIGEST, "smollmWeights": "weights.example/smollm:1"}
    images = accepted(smollm={}, images=by_tag).images
    assert (images.without_digest, images.registries) == (["smollmWeights"], {"registry.example", "weights.example"})
    (line,) = mistakes(smollm={}, images=by_tag, safeguards={"digests": "required"})
    assert line.startswith("Pulumi.dev.yaml: inference-platform:images: safeguards.digests: required wants every image as")


def test_where_digests_are_required_a_service_names_no_image_by_a_tag() -> None:
    images = {"mnist": f"registry.example/mnist:1@{DIGEST}", "mnistWeights": f"registry.example/weights:1@{DIGEST}"}
    required = {"images": images, "safeguards": {"digests": "required"}}
    assert accepted(mnist={}, **required).services.mnist
    canary = {"image": "registry.example/mnist:2", "percent": 10}
    assert mistakes(mnist={"canary": canary}, **required) == [
        f'{KEY}: mnist.canary.image: "registry.example/mnist:2" has no digest, and safeguards.digests: required wants '
        "<repository>:<tag>@sha256:<digest>"
    ]
    assert accepted(mnist={"canary": {**canary, "image": f"registry.example/mnist:2@{DIGEST}"}}, **required).services.mnist
