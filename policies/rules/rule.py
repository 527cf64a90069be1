"""Definition of a rule: the resources that it checks, its reason, and the fix for a violation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from policies.rules.resource import Resource
from policies.settings import Settings

Severity = Literal["low", "medium", "high", "critical"]
Types = tuple[str, ...] | Callable[[str], bool]
"""Pulumi's type tokens, such as `aws:eks/cluster:Cluster`, or a predicate over one."""


@dataclass(frozen=True)
class Rule:
    """`check` yields one message per violation, which names the wrong part of the resource; it is a pure function of its arguments.

    `name`: kebab-case, unique. `title`: the requirement as a sentence. `fix`: the change to make. `reference`: a public page or section.
    `extensible`: settings, lists of text, to which Pulumi's `--policy-pack-config` may add for this rule.
    `applies`: narrows `types` by properties; a rule is evaluated only for resources that match both.
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
    """A rule over all resources of a stack at once. `check` yields a message and its resource, or None for the whole stack."""

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
