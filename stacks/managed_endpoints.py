"""The models of a stack that SageMaker serves, each on an endpoint of its own in place of pods."""

from __future__ import annotations

from components.aws.sagemaker_args import SageMakerEndpointArgs, Variant, endpoint_name
from components.aws.sagemaker_endpoint import SageMakerEndpoint
from components.platform.s3_store import S3Store
from components.serving.model import Model
from components.serving.sagemaker import ONE_VARIANT, canary_of, placed
from components.serving.versions import Version
from stacks.cloud import Cluster
from stacks.config import StackConfig
from stacks.images import server_image
from stacks.platform import Platform
from stacks.publication import publication


def build(config: StackConfig, cluster: Cluster, platform: Platform) -> dict[str, SageMakerEndpoint]:
    """Deploy every such model; return the endpoints by the models' names."""
    models = [Model(name=name, entry=entry) for name, entry in placed(config.models, "sagemaker").items()]
    return {model.name: _endpoint(config, cluster, platform, model) for model in models}


def _endpoint(config: StackConfig, cluster: Cluster, platform: Platform, model: Model) -> SageMakerEndpoint:
    eks, store, entry = cluster.eks, platform.store, model.entry
    if eks is None or not isinstance(store, S3Store):
        raise ValueError(f"models.{model.name}.placement: sagemaker needs cluster.kind: eks and modelStore.backend: s3")
    args = SageMakerEndpointArgs(
        name=endpoint_name(eks.name, model.name),
        region=eks.region,
        variants=[_variant(config, platform, model, version) for version in model.versions],
        capacity=entry.sagemaker.serverless or entry.sagemaker_type,
        replicas=entry.replicas,
        concurrency=entry.sagemaker.concurrency,
        asynchronous=entry.sagemaker.asynchronous,
        canary=canary_of(entry),
        objective=entry.objective,
        start_seconds=entry.server.longest_start_seconds,
        vpc_id=eks.vpc_id,
        subnet_ids=eks.membership.subnet_ids,
        bucket=store.bucket,
        key_arn=store.key_arn,
        log_retention_days=eks.log_retention_days,
    )
    return SageMakerEndpoint(model.name, args, platform.options, after=[store, publication(config, platform, model)])


def _variant(config: StackConfig, platform: Platform, model: Model, version: Version) -> Variant:
    # A folder's address gets its slash: without it, SageMaker would read every key that begins like it.
    folder = version.source and not model.entry.server.endings
    return Variant(
        name=version.name if len(model.versions) > 1 else ONE_VARIANT,
        image=version.image or server_image(config, model, platform.mirror),
        environment=model.entry.server.sagemaker_environment(model.name),
        source=f"{version.source}/" if folder else version.source,
        weight=version.weight,
    )
