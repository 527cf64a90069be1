"""Who watches what this platform runs: a Prometheus of ours, or one that the cluster brings."""

from __future__ import annotations

from urllib.parse import urlsplit

import pulumi
from pydantic import Field

from components.base import Args


class Prometheus(Args):
    """One whose operator reads the monitors and rules of every namespace.

    `namespace`: where its pods run, which a NetworkPolicy must know; None: outside the cluster, or nobody knows. `labels`: by which it
    chooses monitors and rules; ours heeds all. `definitions`: what brings the CRDs of both; None: they are there.
    """

    url: str
    namespace: str | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    definitions: pulumi.Resource | None = None


def namespace_of(url: str) -> str | None:
    """`http://prometheus.monitoring.svc.cluster.local:9090` → `monitoring`; None for what is no address of a Service."""
    match (urlsplit(url).hostname or "").removesuffix(".cluster.local").split("."):
        case [_, namespace, "svc"]:
            return namespace
    return None
