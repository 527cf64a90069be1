"""A model on a managed endpoint of Amazon SageMaker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
from pulumi_aws import cloudwatch, ec2, sagemaker

from components.artifacts import parse_image
from components.aws.instance_types import GPU_INSTANCES
from components.aws.ml_types import ec2_type
from components.aws.role import Role
from components.aws.sagemaker_alarms import alarms
from components.aws.sagemaker_args import SageMakerEndpointArgs, Variant
from components.aws.sagemaker_role import execution_role, log_group
from components.aws.sagemaker_scaling import scaling
from components.base import Component
from components.serving.sagemaker import Serverless

GPU_IMAGE = "al2023-ami-sagemaker-inference-gpu-4-1"
"""Machine image with NVIDIA's driver 580; the default's is too old for the CUDA of current servers (sagemaker:API_ProductionVariant)."""

STARTUP_SECONDS = (60, 3600)
"""Bounds of the time for the first right /ping (sagemaker:API_ProductionVariant)."""

INSTANCES_SECONDS = 1800
"""Seconds in which AWS provides instances and they pull image and model, before the server starts."""


class SageMakerEndpoint(Component):
    """Owns endpoint, models, role, security group, log group, alarms and scaling. Ready when the endpoint is in service: /ping answered.

    Models and configurations never change: Pulumi makes new ones under new names, moves the endpoint, and then deletes the old ones.
    A deployment that an alarm brings back ends with the old configuration, and AWS alone says so (docs/sagemaker.md).
    """

    def __init__(
        self,
        name: str,
        args: SageMakerEndpointArgs,
        opts: pulumi.ResourceOptions | None = None,
        after: Sequence[pulumi.Resource | None] = (),
    ) -> None:
        super().__init__(name, opts, after)
        self.args = args
        self.url = f"https://runtime.sagemaker.{args.region}.amazonaws.com/endpoints/{args.name}/invocations"
        role = Role(f"{name}-endpoint", execution_role(args), pulumi.ResourceOptions(parent=self))
        logs = cloudwatch.LogGroup(name, name=log_group(args), retention_in_days=args.log_retention_days, opts=self.child())
        place = None if args.serverless else self._place(name)
        models = [self._model(name, variant, role, place) for variant in args.variants]
        configuration = self._configuration(name, models)
        watched = [alarm for each in args.variants for alarm in alarms(_of(name, each), args, each, self.child())]
        endpoint = self._endpoint(name, configuration, watched, after=[role, logs])
        if args.replicas.max > args.replicas.min and not args.serverless:
            for variant in args.variants:
                scaling(_of(name, variant), args, variant, self.child([endpoint]))
        self.register_outputs({"url": self.url})

    def _place(self, name: str) -> Any:  # noqa: ANN401 - a TypedDict of the SDK's
        """Return subnets and a group of its own: nobody gets in, and only HTTPS gets out, for the model's files."""
        group = ec2.SecurityGroup(
            f"{name}-endpoint",
            name=f"{self.args.name}-sagemaker",
            description="Containers of a managed endpoint, which read their model from S3",
            vpc_id=self.args.vpc_id,
            egress=[{"description": "HTTPS to S3", "protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["0.0.0.0/0"]}],
            tags={"Name": f"{self.args.name}-sagemaker"},
            opts=self.child(),
        )
        return {"security_group_ids": [group.id], "subnets": self.args.subnet_ids}

    def _model(self, name: str, variant: Variant, role: Role, place: Any) -> sagemaker.Model:  # noqa: ANN401 - as above
        container: Any = {"image": _as_sagemaker_reads_it(variant.image), "environment": variant.environment}
        if variant.source:
            container["model_data_source"] = {"s3_data_sources": [_files(variant.source)]}
        return sagemaker.Model(
            _of(name, variant),
            execution_role_arn=role.arn,
            primary_container=container,
            # SageMaker takes both from instances only.
            enable_network_isolation=place is not None,
            vpc_config=place,
            opts=self.child([role]),
        )

    def _configuration(self, name: str, models: Sequence[sagemaker.Model]) -> sagemaker.EndpointConfiguration:
        args = self.args
        variants: Any = [
            {"variant_name": variant.name, "model_name": model.name, "initial_variant_weight": variant.weight, **self._capacity()}
            for variant, model in zip(args.variants, models, strict=True)
        ]
        return sagemaker.EndpointConfiguration(
            name,
            production_variants=variants,
            async_inference_config={"output_config": {"s3_output_path": args.asynchronous.output}} if args.asynchronous else None,
            kms_key_arn=args.key_arn if args.encrypted_by_key else None,
            opts=self.child(),
        )

    def _capacity(self) -> dict[str, Any]:
        capacity = self.args.capacity
        if isinstance(capacity, Serverless):
            return {"serverless_config": {"memory_size_in_mb": capacity.memory_mib, "max_concurrency": capacity.max_concurrency}}
        shortest, longest = STARTUP_SECONDS
        return {
            "instance_type": capacity,
            "initial_instance_count": self.args.replicas.min,
            "container_startup_health_check_timeout_in_seconds": min(max(self.args.start_seconds, shortest), longest),
            "model_data_download_timeout_in_seconds": INSTANCES_SECONDS,
            # The request goes to the instance with the fewest: a language model's answers differ much in length.
            "routing_configs": [{"routing_strategy": "LEAST_OUTSTANDING_REQUESTS"}],
            **({"inference_ami_version": GPU_IMAGE} if ec2_type(capacity) in GPU_INSTANCES else {}),
        }

    def _endpoint(
        self,
        name: str,
        configuration: sagemaker.EndpointConfiguration,
        watched: Sequence[cloudwatch.MetricAlarm],
        after: Sequence[pulumi.Resource],
    ) -> sagemaker.Endpoint:
        canary, baking = self.args.canary, self.args.baking_seconds
        routing: Any = {"type": "ALL_AT_ONCE", "wait_interval_in_seconds": 0}
        if canary:
            size = {"type": "CAPACITY_PERCENT", "value": canary.canary_percent}
            routing = {"type": "CANARY", "wait_interval_in_seconds": baking, "canary_size": size}
        longest = INSTANCES_SECONDS + self.args.start_seconds + 2 * baking
        return sagemaker.Endpoint(
            name,
            name=self.args.name,
            endpoint_config_name=configuration.name,
            deployment_config={
                "blue_green_update_policy": {
                    "traffic_routing_configuration": routing,
                    "termination_wait_in_seconds": baking,
                    "maximum_execution_timeout_in_seconds": longest,
                },
                "auto_rollback_configuration": {"alarms": [{"alarm_name": alarm.name} for alarm in watched]},
            },
            opts=self.child(after, create_timeout_seconds=longest + INSTANCES_SECONDS),
        )


def _of(name: str, variant: Variant) -> str:
    """Return Pulumi's name of a variant's resources."""
    return f"{name}-{variant.name}"


def _as_sagemaker_reads_it(image: str) -> str:
    """Return the image with a tag or a digest, of which SageMaker takes one (sagemaker:API_ContainerDefinition)."""
    found = parse_image(image)
    return f"{found.repository}@{found.digest}" if found.digest else image


def _files(source: str) -> dict[str, str]:
    """Files as they are, without an archive: a folder's keep their paths, and a single one its name."""
    return {"s3_uri": source, "s3_data_type": "S3Prefix" if source.endswith("/") else "S3Object", "compression_type": "None"}
