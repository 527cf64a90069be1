"""The resource type in a URN."""

from __future__ import annotations


def own_type(qualified: str) -> str:
    """`parent:module:Type$aws:eks/cluster:Cluster` → `aws:eks/cluster:Cluster`: the SDK's requests also name the parents' types."""
    return qualified.rsplit("$", 1)[-1]
