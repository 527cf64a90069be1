"""A managed endpoint of Amazon SageMaker in the place of pods: its settings in a model's entry, and what SageMaker cannot do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field

from components.aws.ml_types import ml_type
from components.declared import Declared
from components.serving.sources import S3, Source, bucket_of, is_in_a_store

if TYPE_CHECKING:
    from components.serving.model_service import ModelService

Placement = Literal["kubernetes", "sagemaker"]

MODEL_FOLDER = "/opt/ml/model"
"""The folder in which SageMaker puts a model's files."""

PORT = 8080
"""The port on which SageMaker asks a container for /ping and /invocations."""

ONE_VARIANT = "AllTraffic"
"""The variant of an endpoint with one version, whatever the version's name: a deployment keeps its canary only if the name stays."""

LONGEST_SECONDS = 60
"""Seconds that a request may take (sagemaker:API_runtime_InvokeEndpoint)."""

MOST_VERSIONS = 5
"""Two alarms for each variant, and a deployment watches ten at most (sagemaker:AlarmList)."""

ONLY_IN_THE_CLUSTER = {
    "scaling": "sagemaker.concurrency",
    "resources": "sagemaker.instanceType",
    "experiment": "requests that name the variant (TargetVariant)",
    "shadow": "",
    "namespace": "",
    "probe": "",
    "ready_within_seconds": "",
}
"""Fields of an entry that SageMaker does not carry out, and what takes their place there."""


def _in_s3(address: str) -> str:
    if not is_in_a_store(address):
        raise ValueError(f'"{address}" is no folder in S3; write s3://<bucket>/<folder>')
    return address


Folder = Annotated[Source, AfterValidator(_in_s3)]


class Serverless(Declared):
    """No instances: SageMaker starts containers for requests, and bills their time. On CPUs, without a VPC and network isolation."""

    memory_mib: Literal[1024, 2048, 3072, 4096, 5120, 6144] = Field(2048, description="Memory of each container; CPUs grow with it.")
    max_concurrency: Annotated[int, Field(ge=1, le=200)] = Field(5, description="Most requests at the same time.")


class Asynchronous(Declared):
    """Requests wait in a queue: a client names a file, and finds the answer in another one."""

    input: Folder = Field(description="Folder of the requests' files, s3://…; not in the model store.")
    output: Folder = Field(description="Folder of the answers, s3://…; not in the model store, where no object is ever overwritten.")


class Deployment(Declared):
    """How a new version takes over: a new fleet beside the old one, which comes back if an alarm goes off."""

    canary_percent: Annotated[int, Field(ge=1, le=50)] = Field(10, description="Share of the new instances that get requests first.")
    wait_seconds: Annotated[int, Field(ge=60, le=3600)] = Field(
        300, description="How long the alarms are watched after each step, before the old instances go."
    )


class SageMaker(Declared):
    """The endpoint of a model with `placement: sagemaker`."""

    instance_type: Annotated[str, AfterValidator(ml_type)] | None = Field(
        None, description="SageMaker's instance type, such as ml.g6.xlarge. Default: by the kind of server."
    )
    concurrency: Annotated[int, Field(ge=1, le=1000)] = Field(
        10, description="Requests at once for one instance, which their number follows; asynchronous: requests that wait."
    )
    serverless: Serverless | None = Field(None, description="In place of instances: containers that start with requests.")
    asynchronous: Asynchronous | None = Field(None, description="Requests and answers as files in S3, in place of immediate answers.")
    deployment: Deployment | None = Field(
        None, description="A canary. Default: 10 percent, where there is one version and replicas.min is 2 or more; else all at once."
    )


def placed(models: Mapping[str, ModelService], placement: Placement) -> dict[str, ModelService]:
    return {name: model for name, model in models.items() if model.placement == placement}


def check_placement(entry: ModelService) -> None:
    """Raise ValueError for a setting that the placement silently ignores or refuses."""
    if entry.placement == "kubernetes":
        if "sagemaker" in entry.model_fields_set:
            raise ValueError("the section sagemaker needs placement: sagemaker")
        return
    for reason in (*_not_there(entry), *_sources(entry), *_serverless(entry), *_deployment(entry)):
        raise ValueError(f"placement sagemaker: {reason}")
    entry.server.sagemaker_environment("any")


def _not_there(entry: ModelService) -> Iterator[str]:
    for field, instead in ONLY_IN_THE_CLUSTER.items():
        if field in entry.model_fields_set:
            key = type(entry).model_fields[field].alias
            yield f"{key} is for pods in the cluster; leave it out" + (f", and use {instead}" if instead else "")
    if entry.objective.latency_seconds > LONGEST_SECONDS and not entry.sagemaker.asynchronous:
        yield f"SageMaker ends a request after {LONGEST_SECONDS} s; lower objective.latencySeconds, or choose asynchronous"
    if (count := len(entry.all_versions)) > MOST_VERSIONS:
        yield f"{count} versions, and the alarms of a deployment are enough for {MOST_VERSIONS}"


def _sources(entry: ModelService) -> Iterator[str]:
    for source in entry.sources:
        if not is_in_a_store(source):
            yield f'its container has no network for "{source}"; publish the files: make publish FILE=<folder> TO={S3}<bucket>/<key>'


def _serverless(entry: ModelService) -> Iterator[str]:
    if not entry.sagemaker.serverless:
        return
    refused = {
        "GPUs": entry.server.gpu_count > 0,
        "several versions": len(entry.all_versions) > 1,
        "replicas, whose limit is maxConcurrency": "replicas" in entry.model_fields_set,
        "instanceType": entry.sagemaker.instance_type is not None,
        "concurrency, whose limit is maxConcurrency": "concurrency" in entry.sagemaker.model_fields_set,
        "asynchronous": entry.sagemaker.asynchronous is not None,
        "deployment": entry.sagemaker.deployment is not None,
    }
    yield from (f"serverless excludes {what}" for what, there in refused.items() if there)


def _deployment(entry: ModelService) -> Iterator[str]:
    if entry.sagemaker.deployment is None:
        return
    if len(entry.all_versions) > 1:
        yield "deployment is for one version; several have weights"
    if entry.replicas.min < 2:
        yield "a canary is half of the instances at most; raise replicas.min to 2, or leave deployment out"


def canary_of(entry: ModelService) -> Deployment | None:
    """Return the canary of a deployment; None if all requests move at once."""
    possible = not entry.sagemaker.serverless and len(entry.all_versions) == 1 and entry.replicas.min > 1
    return entry.sagemaker.deployment or (Deployment.model_validate({}) if possible else None)


def outside_buckets(entry: ModelService) -> set[str]:
    """Buckets of asynchronous requests and answers."""
    files = entry.sagemaker.asynchronous
    return {bucket_of(files.input), bucket_of(files.output)} if files else set()
