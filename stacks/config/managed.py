"""Needs of a model that SageMaker serves, in the sections before it. A section with a mistake of its own counts as correct."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from components.artifacts import Mirror, parse_image
from components.aws.ml_types import ec2_type
from components.aws.sagemaker_args import endpoint_name, role_name
from components.serving.model_service import ModelService
from components.serving.sagemaker import outside_buckets
from stacks.config.capacity import outside_the_instance
from stacks.config.cluster import EksClusterConfig
from stacks.config.images import chosen

Sections = Mapping[str, Any]
Models = Mapping[str, ModelService]

LONGEST_ROLE = 64
"""Characters of a role's name on IAM. The endpoint's own name is part of it, so it is short enough too."""

ECR = r"[0-9]{{12}}\.dkr\.ecr\.{region}\.amazonaws\.com"


def not_on_aws(models: Models, found: Sections) -> list[str]:
    """Refuse an endpoint without the account, network and bucket of a stack on AWS."""
    cluster, store = found.get("cluster"), found.get("model_store")
    kind = cluster is None or cluster.kind == "eks"
    bucket = store is None or (store.enabled and store.backend == "s3")
    lacks = [what for what, there in {"cluster.kind: eks": kind, "modelStore.backend: s3": bucket}.items() if not there]
    return [f"{name}.placement: sagemaker needs {' and '.join(lacks)}" for name in models if lacks]


def long_names(models: Models, found: Sections) -> list[str]:
    cluster = _eks(found)
    roles = {name: role_name(endpoint_name(cluster.name, name), cluster.region) for name in models} if cluster else {}
    return [
        f"{name}: its role on AWS, {role}, would have {len(role)} characters, at most {LONGEST_ROLE} are allowed; shorten the model's name"
        for name, role in roles.items()
        if len(role) > LONGEST_ROLE
    ]


def not_in_ecr(models: Models, found: Sections) -> list[str]:
    """SageMaker pulls from ECR in its own region alone; of an image that is still to be built no address is known yet."""
    if (cluster := _eks(found)) is None:
        return []
    form = f"<account>.dkr.ecr.{cluster.region}.amazonaws.com/<repository>:<tag>"
    return [
        f'{name}.{key}: "{image}" is not in ECR in the stack\'s region, from which alone SageMaker pulls; copy it there and write {form}'
        for name, model in models.items()
        for key, image in _images(name, model, found)
        if not re.fullmatch(ECR.format(region=cluster.region), parse_image(image).registry or "")
    ]


def requests_in_the_store(models: Models, found: Sections) -> list[str]:
    store = found.get("model_store")
    return [
        f"{name}.sagemaker.asynchronous: {store.bucket} is the model store, where nothing is ever overwritten; write another bucket"
        for name, model in models.items()
        if store is not None and store.bucket in outside_buckets(model)
    ]


def too_small(models: Models, _found: Sections) -> list[str]:
    """Compare a server's GPUs with those of its instances."""
    types = {name: ec2_type(model.sagemaker_type) for name, model in models.items() if not model.sagemaker.serverless}
    return [f"{name}: {text}" for name, instance in types.items() for text in outside_the_instance(models[name], instance)]


RULES = (not_on_aws, long_names, not_in_ecr, requests_in_the_store, too_small)


def _eks(found: Sections) -> EksClusterConfig | None:
    cluster = found.get("cluster")
    return cluster if isinstance(cluster, EksClusterConfig) else None


def _images(name: str, model: ModelService, found: Sections) -> Iterator[tuple[str, str]]:
    """Every image that runs the model, by its key."""
    for index, version in enumerate(model.all_versions):
        if version.image:
            yield f"versions[{index}].image", version.image
    if all(version.image for version in model.all_versions):
        return
    mirror = found.get("mirror")
    if mirror and (image := chosen(model.server, found.get("images", {}).get(name), Mirror(**mirror.model_dump()))):
        yield "server.image", image
