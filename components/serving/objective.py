"""The service level that users of a model can rely on."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from components.declared import Declared

GATEWAY_BOUNDS = (0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000, 3_600_000)
"""Milliseconds: bounds of the gateway's latency histogram, `envoy_cluster_upstream_rq_time`
(envoyproxy/envoy:source/common/stats/histogram_impl.cc@02aefdc5a51e). A threshold between two of them matches no bucket."""

Share = Annotated[float, Field(gt=0.5, lt=1)]


class Objective(Declared):
    """The service level that alerts, dashboards and load tests compare a model with, measured at the gateway."""

    latency_seconds: float = Field(
        1.0, description="Longest answer of the share `fast` of the requests; a bound of the gateway's histogram."
    )
    fast: Share = Field(0.95, description="Share of the requests that are answered within latencySeconds.")
    availability: Share = Field(0.995, description="Share of the requests that are answered without a server error.")

    @field_validator("latency_seconds")
    @classmethod
    def _counted_by_the_gateway(cls, seconds: float) -> float:
        counted = [milliseconds / 1000 for milliseconds in GATEWAY_BOUNDS]
        if seconds not in counted:
            allowed = ", ".join(f"{each:g}" for each in counted)
            raise ValueError(f"{seconds:g} is no bound of the gateway's latency histogram; choose one of: {allowed}")
        return seconds
