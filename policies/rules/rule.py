"""What a rule is: what it looks at, why, and what to do about a violation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from policies.rules.resource import Resource
from policies.settings import Settings

Severity = Literal["low", "medium", "high", "critical"]
Types = tuple[str, ...] | Callable[[str], bool]
"""Type tokens as Pulumi has them, `aws:eks/cluster:Cluster`, or a predicate over one."""


@dataclass(frozen=True)
class Rule:
    """`check` yields one message per violation, each naming what in the resource is wrong; it is a pure function of what it is given.

    `name`: kebab-case, unique. `title`: what is demanded, a sentence. `fix`: what to change, where. `reference`: a public page or section.
    `extensible`: settings, lists of text, to which Pulumi's `--policy-pack-config` may add for this rule.
    `applies`: narrows `types` down by properties; a rule is evaluated on a resource only where both hold.
    """

    name: str
    title: str
    why: str
    fix: str
    severity: Severity
    types: Types
    check: Callable[[Resource, Settings], Iterator[str]]
    reference: str | None = None
    extensible: tuple[str, ...] = ()
    applies: Callable[[Resource, Settings], bool] = lambda _resource, _settings: True

    def matches(self, resource: Resource, settings: Settings) -> bool:
        return of_types(self.types, resource.type) and self.applies(resource, settings)


@dataclass(frozen=True)
class StackRule:
    """A rule over all of a stack's resources at once. `check` yields a message and the resource it is about, None for the whole stack."""

    name: str
    title: str
    why: str
    fix: str
    severity: Severity
    types: Types
    check: Callable[[Sequence[Resource], Settings], Iterator[tuple[str, Resource | None]]]
    reference: str | None = None

    def matches(self, resource: Resource) -> bool:
        return of_types(self.types, resource.type)


def of_types(types: Types, token: str) -> bool:
    return types(token) if callable(types) else token in types
