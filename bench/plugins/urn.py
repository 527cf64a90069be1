"""The resource type in a URN."""

from __future__ import annotations


def own_type(qualified: str) -> str:
    """`parent:module:Type$kubernetes:core/v1:Secret` → `kubernetes:core/v1:Secret`: the SDK's requests also name the parents' types."""
    return qualified.rsplit("$", 1)[-1]
