"""Turns a pinned chart and typed values into one Helm release."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_kubernetes as k8s
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from components.artifacts import Chart, Mirror
from components.scheduling import Resources, Workload


class Values(BaseModel):
    """Base of a chart's typed values: the keys that the platform sets, spelled as in the chart."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)


class PlacedValues(Values):
    """Placement of pods; charts use Kubernetes' own spelling."""

    node_selector: dict[str, str]
    tolerations: list[dict[str, str]]


def placement(workload: Workload) -> dict[str, Any]:
    """The fields of PlacedValues."""
    return {"node_selector": workload.node_selector, "tolerations": [toleration.fields() for toleration in workload.tolerations]}


def own_resources(workload: Workload) -> dict[str, dict[str, str]] | None:
    """Resources of the workload; None keeps the chart's defaults."""
    return workload.resources.fields() if workload.resources else None


def require_cpu_limit(resources: Resources | None, chart_limit: str) -> None:
    """Require a CPU limit for a chart that has one of its own. Helm merges values, so the chart's limit would stay, perhaps below the
    request. Raises ValueError.
    """
    if resources and resources.limits.cpu is None:
        raise ValueError(f"resources.limits.cpu is needed here: without it the chart's own limit of {chart_limit} would stay")


def release(
    chart: Chart,
    namespace: pulumi.Input[str],
    values: Values | None,
    mirror: Mirror,
    timeout_seconds: int,
    opts: pulumi.ResourceOptions,
    crds_by_hook: bool = False,
) -> k8s.helm.v3.Release:
    """Install the chart under its own name and wait until its workloads are ready, at most `timeout_seconds`.

    `crds_by_hook`: the chart upgrades its CRDs in a hook, so its objects match the cluster's schemas only after the hook.
    """
    return k8s.helm.v3.Release(
        chart.name,
        # A release without a fixed name gets a random suffix, and a second `up` then meets objects of another release.
        name=chart.name,
        chart=mirror.chart(chart),
        version=chart.version,
        namespace=namespace,
        create_namespace=False,
        values=values.model_dump(by_alias=True, exclude_none=True) if values else {},
        timeout=timeout_seconds,
        disable_openapi_validation=True if crds_by_hook else None,
        # An interrupted install would stay `pending-install` and block every later one.
        cleanup_on_fail=True,
        opts=opts,
    )
