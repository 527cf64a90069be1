"""The number of a managed endpoint's instances, which follows its requests."""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi_aws import appautoscaling

from components.aws.sagemaker_args import SageMakerEndpointArgs, Variant

SERVICE = "sagemaker"
DIMENSION = "sagemaker:variant:DesiredInstanceCount"


def scaling(name: str, args: SageMakerEndpointArgs, variant: Variant, opts: pulumi.ResourceOptions) -> appautoscaling.Policy:
    """Scale a variant between the bounds, so that each instance has so many requests at once. `name`: Pulumi's name of the variant."""
    target = appautoscaling.Target(
        name,
        service_namespace=SERVICE,
        resource_id=f"endpoint/{args.name}/variant/{variant.name}",
        scalable_dimension=DIMENSION,
        min_capacity=args.replicas.min,
        max_capacity=args.replicas.max,
        opts=opts,
    )
    tracking: Any = {"target_value": args.concurrency, **(_queue(args.name) if args.asynchronous else _requests())}
    return appautoscaling.Policy(
        name,
        name=f"{args.name}-{variant.name}",
        service_namespace=SERVICE,
        resource_id=target.resource_id,
        scalable_dimension=target.scalable_dimension,
        policy_type="TargetTrackingScaling",
        target_tracking_scaling_policy_configuration=tracking,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[target])),
    )


def _requests() -> dict[str, Any]:
    """A metric of every ten seconds; with that of every minute, a new instance would come minutes late."""
    return {
        "predefined_metric_specification": {"predefined_metric_type": "SageMakerVariantConcurrentRequestsPerModelHighResolution"},
    }


def _queue(endpoint: str) -> dict[str, Any]:
    """Asynchronous endpoints publish no number of requests (docs.aws.amazon.com/sagemaker/latest/dg/async-inference-monitor.html)."""
    return {
        "customized_metric_specification": {
            "namespace": "AWS/SageMaker",
            "metric_name": "ApproximateBacklogSizePerInstance",
            "statistic": "Average",
            "dimensions": [{"name": "EndpointName", "value": endpoint}],
        }
    }
