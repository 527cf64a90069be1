"""What a URN says of a resource's type."""

from __future__ import annotations


def own_type(qualified: str) -> str:
    """`parent:module:Type$kubernetes:core/v1:Secret` → `kubernetes:core/v1:Secret`: the SDK's requests name the parents' types too."""
    return qualified.rsplit("$", 1)[-1]
