"""Entries with `placement: sagemaker`: what is refused, in which words, and what such a model no longer needs."""

from __future__ import annotations

import re
from typing import Any

import pytest

from components.aws.ml_types import has_local_disk, ml_type
from components.serving.sagemaker import ONLY_IN_THE_CLUSTER
from scripts.errors import DriverError
from scripts.mlops.delivery.session import chosen
from stacks.config import ConfigError, parse
from stacks.images import registries
from stacks.models import models
from tests.managed import BUCKET, ECR, FILES, IMAGE, MODELS, custom, managed, source

KEY = "Pulumi.dev.yaml: inference-platform:models"
TWO = [{"name": "v1", "source": source("a"), "weight": 90}, {"name": "v2", "source": source("b"), "weight": 10}]
SERVERLESS = {"serverless": {"memoryMib": 2048}}


def mistakes(models: dict[str, Any], **sections: Any) -> list[str]:  # noqa: ANN401 - any YAML
    with pytest.raises(ConfigError) as error:
        parse(managed(models, **sections), "dev")
    return [line.removeprefix(KEY) for line in error.value.lines]


def vllm(**given: Any) -> dict[str, Any]:  # noqa: ANN401
    server = {"kind": "vllm", "image": IMAGE, **given.pop("server", {})}
    return {"server": server, "source": source("chat"), "placement": "sagemaker", **given}


def test_the_stack_of_the_tests_is_accepted() -> None:
    assert parse(managed(), "dev").models.keys() == MODELS.keys()


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (vllm(scaling={"queueDepth": 4}), "scaling is for pods in the cluster; leave it out, and use sagemaker.concurrency"),
        (
            custom(resources={kind: {"cpu": "1", "memory": "1Gi"} for kind in ("requests", "limits")}),
            "resources is for pods in the cluster; leave it out, and use sagemaker.instanceType",
        ),
        (custom(namespace="team"), "namespace is for pods in the cluster; leave it out"),
        (custom(probe={}), "probe is for pods in the cluster; leave it out"),
        (custom(readyWithinSeconds=60), "readyWithinSeconds is for pods in the cluster; leave it out"),
        (custom(versions=TWO, experiment={"groups": {"a": "v1"}}), "experiment is for pods in the cluster; leave it out, and use requests"),
        (
            custom(versions=[{**TWO[0], "weight": 100}, {**TWO[1], "weight": 0}], shadow={"version": "v2"}),
            "shadow is for pods in the cluster; leave it out",
        ),
        (
            custom(versions=[{"name": f"v{n}", "source": source(f"x{n}"), "weight": 100 if n == 1 else 0} for n in range(1, 7)]),
            "6 versions, and the alarms of a deployment are enough for 5",
        ),
        (
            vllm(source="hf://Qwen/Qwen2.5-0.5B-Instruct"),
            'its container has no network for "hf://Qwen/Qwen2.5-0.5B-Instruct"; publish the files: make publish FILE=<folder> TO=s3://',
        ),
        (vllm(sagemaker=SERVERLESS), "serverless excludes GPUs"),
        (custom(versions=TWO, sagemaker=SERVERLESS), "serverless excludes several versions"),
        (custom(replicas={"min": 1, "max": 2}, sagemaker=SERVERLESS), "serverless excludes replicas, whose limit is maxConcurrency"),
        (custom(sagemaker={**SERVERLESS, "instanceType": "ml.m5.large"}), "serverless excludes instanceType"),
        (custom(sagemaker={**SERVERLESS, "concurrency": 3}), "serverless excludes concurrency, whose limit is maxConcurrency"),
        (custom(sagemaker={**SERVERLESS, "asynchronous": FILES}), "serverless excludes asynchronous"),
        (custom(sagemaker={**SERVERLESS, "deployment": {}}), "serverless excludes deployment"),
        (
            custom(versions=TWO, replicas={"min": 2, "max": 2}, sagemaker={"deployment": {}}),
            "deployment is for one version; several have weights",
        ),
        (
            custom(sagemaker={"deployment": {}}),
            "a canary is half of the instances at most; raise replicas.min to 2, or leave deployment out",
        ),
        (custom(server={"kind": "custom", "image": IMAGE, "args": ["--x"]}), "SageMaker starts the image with the argument `serve` alone"),
        (custom(server={"kind": "custom", "image": IMAGE, "port": 9000}), "SageMaker asks port 8080; let the server listen there"),
        (
            custom(server={"kind": "custom", "image": IMAGE, "secretEnv": {"TOKEN": "hunter2"}}),
            "SageMaker shows the environment to all who may describe the model; leave secretEnv out",
        ),
        (custom(server={"kind": "custom", "image": IMAGE, "readyPath": "/healthy"}), "SageMaker asks /ping alone"),
        (vllm(server={"sharedMemory": "2Gi"}), "SageMaker decides on the shared memory of its containers"),
        (custom(objective={"latencySeconds": 300}), "SageMaker ends a request after 60 s; lower objective.latencySeconds"),
        (vllm(server={"extraArgs": ["--hf-overrides.x=1"]}), "extraArgs --hf-overrides.x has a dot, which no variable has"),
    ],
)
def test_what_cannot_work_there_is_refused_with_what_to_do_instead(entry: dict[str, Any], words: str) -> None:
    (line,) = mistakes({"m": entry})
    assert line.startswith(f".m: placement sagemaker: {words}"), line


def test_every_field_that_only_the_cluster_has_is_tried() -> None:
    assert {"scaling", "resources", "namespace", "probe", "ready_within_seconds", "experiment", "shadow"} == ONLY_IN_THE_CLUSTER.keys()


def test_the_section_is_for_that_placement_only() -> None:
    entry = {"server": {"kind": "custom", "image": IMAGE}, "sagemaker": {"concurrency": 4}}
    assert mistakes({"m": entry}) == [".m: the section sagemaker needs placement: sagemaker"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"deployment": {"canaryPercent": 60}}, "canaryPercent: 60 is not allowed"),
        ({"serverless": {"memoryMib": 3000}}, "memoryMib: 3000 is not allowed; choose one of: 1024, 2048"),
        ({"instanceType": "m5.large"}, '"m5.large" is no instance type of SageMaker; write for example ml.m5.large or ml.g6.xlarge'),
        ({"instanceType": "ml.m5.lage"}, '"ml.m5.lage" is no instance type of SageMaker'),
        ({"instanceType": "ml.c7g.large"}, '"ml.c7g.large" runs no image for x86_64 on CPUs or NVIDIA\'s GPUs'),
        ({"instanceType": "ml.inf1.xlarge"}, '"ml.inf1.xlarge" runs no image for x86_64 on CPUs or NVIDIA\'s GPUs'),
        ({"asynchronous": {**FILES, "output": "hf://a/b"}}, '"hf://a/b" is no folder in S3; write s3://<bucket>/<folder>'),
        ({"concurency": 3}, "unknown key; did you mean concurrency?"),
    ],
)
def test_a_wrong_value_is_named_with_its_key(given: dict[str, Any], words: str) -> None:
    (line,) = mistakes({"m": custom(sagemaker=given)})
    assert line.startswith(".m.sagemaker.")
    assert words in line


IN_MINIO = {"modelStore": {"backend": "minio"}}
ON_EXISTING = {"cluster": {"kind": "existing"}, "kserve": {"enabled": False}, **IN_MINIO}


@pytest.mark.parametrize(
    ("entry", "sections", "words"),
    [
        (custom(), IN_MINIO, "m.placement: sagemaker needs modelStore.backend: s3"),
        (custom(), {"modelStore": {"enabled": False}}, "m.placement: sagemaker needs modelStore.backend: s3"),
        (custom(), ON_EXISTING, "m.placement: sagemaker needs cluster.kind: eks and modelStore.backend: s3"),
        (
            vllm(server={"image": None}),
            {},
            'm.server.image: "docker.io/vllm/vllm-openai:v0.32.0',
        ),
        (
            custom(server={"kind": "custom", "image": "ghcr.io/acme/m:1"}),
            {},
            'm.server.image: "ghcr.io/acme/m:1" is not in ECR in the stack',
        ),
        (
            custom(server={"kind": "custom", "image": IMAGE.replace("eu-central-1", "us-east-1")}),
            {},
            "from which alone SageMaker pulls; copy it there and write <account>.dkr.ecr.eu-central-1.amazonaws.com/<repository>:<tag>",
        ),
        (custom(versions=[{**TWO[0], "image": "ghcr.io/acme/m:2"}, TWO[1]]), {}, 'm.versions[0].image: "ghcr.io/acme/m:2" is not in ECR'),
        (
            custom(sagemaker={"asynchronous": {**FILES, "output": source("out")}}),
            {},
            f"m.sagemaker.asynchronous: {BUCKET} is the model store, where nothing is ever overwritten; write another bucket",
        ),
        (vllm(sagemaker={"instanceType": "ml.m5.large"}), {}, "m: server.tensorParallel 1, and m5.large has no GPU"),
        (vllm(server={"tensorParallel": 4}), {}, "m: server.tensorParallel 4 is more than a node has: 1 (g6.xlarge)"),
        (vllm(server={"weightsGib": 40}), {}, "m: server.weightsGib 40 does not fit"),
        (
            vllm(server={"dtype": "bfloat16"}, sagemaker={"instanceType": "ml.g4dn.xlarge"}),
            {},
            "m: server.dtype bfloat16 needs GPUs of compute capability 8.0, and the T4 of g4dn.xlarge has 7.5",
        ),
        (custom(source="s3://another/x"), {}, 'm.source: "s3://another/x" is not in the model store'),
        (
            custom(server={"kind": "custom", "image": f"{ECR}/server:1.4"}),
            {"safeguards": {"protect": False, "digests": "required"}, "cluster": "pinned"},
            "has no digest, and safeguards.digests: required needs",
        ),
    ],
)
def test_what_the_rest_of_the_stack_must_have(entry: dict[str, Any], sections: dict[str, Any], words: str) -> None:
    if sections.get("cluster") == "pinned":
        sections = {**sections, "cluster": {**managed()["cluster"], "systemNodes": {"releaseVersion": "1.35.7-20260911"}}}
    entry = {**entry, "server": {key: value for key, value in entry["server"].items() if value is not None}}
    (line,) = mistakes({"m": entry}, **sections)
    assert words in line, line


def test_a_name_that_is_too_long_for_the_role_is_refused() -> None:
    name = "a-model-with-a-name-of-forty-letters-abc"
    (line,) = mistakes({name: custom()})
    assert f"{name}: its role on AWS, inference-test-{name}-eu-central-1, would have 68 characters, at most 64 are allowed" in line


def test_a_mirror_in_ecr_is_enough_for_the_pinned_image() -> None:
    entry = vllm()
    del entry["server"]["image"]
    assert parse(managed({"m": entry}, mirror={"registry": f"{ECR}/mirror"}), "dev").models


def test_it_needs_nothing_of_the_cluster_and_no_gpu_pool() -> None:
    config = parse(managed(), "dev")
    assert config.gpu.mode == "none"
    assert [part.enabled for part in (config.kserve, config.keda, config.monitoring)] == [False] * 3
    assert models(config) == []
    assert registries(config) == set()


def test_models_of_both_placements_stand_side_by_side() -> None:
    inside = {"server": {"kind": "custom", "image": "registry.example/counter:1"}}
    config = parse(managed({"m": custom(), "inside": inside}, kserve={"enabled": True}, certManager={"enabled": True}), "dev")
    assert [model.name for model in models(config)] == ["inside"]
    assert registries(config) == {"registry.example"}
    (line,) = mistakes({"m": custom(), "inside": inside})
    assert "inside needs kserve.enabled: true" in line


def test_a_rollout_says_that_sagemaker_does_it() -> None:
    with pytest.raises(DriverError, match=re.escape("chat is on SageMaker, which rolls it out itself: write the new source into Pulumi.")):
        chosen(parse(managed(), "dev"), "chat")


@pytest.mark.parametrize(
    ("name", "local"), [("ml.m5.large", False), ("ml.m5d.large", True), ("ml.m6id.large", True), ("ml.c5n.large", False)]
)
def test_a_disk_of_its_own_shows_in_the_name(name: str, local: bool) -> None:
    assert has_local_disk(ml_type(name)) is local


def test_all_gpu_types_have_one() -> None:
    assert has_local_disk(ml_type("ml.g6.xlarge"))
