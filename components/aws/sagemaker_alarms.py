"""Alarms on a managed endpoint's objective. While a new version takes over, each of them brings the old one back."""

from __future__ import annotations

import pulumi
from pulumi_aws.cloudwatch import MetricAlarm

from components.aws.sagemaker_args import SageMakerEndpointArgs, Variant

PERIOD_SECONDS = 60
"""SageMaker writes its metrics once a minute (docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html)."""

PERIODS = 2
"""Minutes in a row, so that a single slow request after a start brings nothing back."""


def alarms(name: str, args: SageMakerEndpointArgs, variant: Variant, opts: pulumi.ResourceOptions) -> tuple[MetricAlarm, MetricAlarm]:
    """Return the two alarms of a variant. `name`: Pulumi's name of the variant. No requests are no alarm."""

    def alarm(subject: str, metric: str, threshold: float, statistic: str | None = None, percentile: str | None = None) -> MetricAlarm:
        return MetricAlarm(
            f"{name}-{subject}",
            name=f"{args.name}-{variant.name}-{subject}",
            namespace="AWS/SageMaker",
            metric_name=metric,
            dimensions={"EndpointName": args.name, "VariantName": variant.name},
            comparison_operator="GreaterThanThreshold",
            threshold=threshold,
            period=PERIOD_SECONDS,
            evaluation_periods=PERIODS,
            statistic=statistic,
            extended_statistic=percentile,
            treat_missing_data="notBreaching",
            opts=opts,
        )

    objective = args.objective
    # Each request counts as 0 or 1, so the average is the share of those that failed.
    failures = alarm("failures", "Invocation5XXErrors", round(1 - objective.availability, 6), statistic="Average")
    # SageMaker measures in microseconds.
    latency = alarm("latency", "ModelLatency", objective.latency_seconds * 1e6, percentile=f"p{objective.fast * 100:g}")
    return failures, latency
