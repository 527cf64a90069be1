"""A rule's cases: the resources, and words of its message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.policies.analyzer_harness import Registered


@dataclass(frozen=True)
class Cases:
    """`refused`: by words of the message. `unknown`: a resource in which a preview does not know what the rule must read."""

    passing: Sequence[Sequence[Registered]]
    refused: Mapping[str, Sequence[Registered]]
    unknown: Sequence[Registered]


def one(*resources: Registered) -> list[list[Registered]]:
    """Each by itself."""
    return [[resource] for resource in resources]
