"""A rollout as a list of steps, each a state of the stack file. A strategy knows how a model's requests are split between versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from scripts.mlops.delivery.stack_file import Edits, StackFile
from stacks.config import StackConfig


@dataclass(frozen=True)
class Named:
    """A version in a stack file. `source` is None if its image brings its files; `image` is None for the model's own server.

    `name` is its name there, and `short` says that it is written as `source` alone. Two versions that differ only in these are the same.
    """

    source: str | None
    image: str | None = None
    name: str | None = field(default=None, compare=False)
    short: bool = field(default=False, compare=False)

    def is_named_by(self, stable: Named) -> bool:
        """Return whether this version is the same as the stable one; the server matters only if the version names one."""
        return self.source == stable.source and self.image in (None, stable.image)

    def __str__(self) -> str:
        return " on ".join(part for part in (self.source, self.image) if part) or "the server's own image"


@dataclass(frozen=True)
class Standing:
    """The state of a stack file. `percent` None: no candidate. `candidate` None beside a percentage: it is being removed."""

    stable: Named
    candidate: Named | None = None
    percent: int | None = None


@dataclass(frozen=True)
class Step:
    """`percent`: the candidate's share of the requests. `watched`: the step is judged before the next one.

    `hurried`: users wait for the step, so nothing else of the stack is updated with it.
    """

    name: str
    percent: int
    edits: Edits
    watched: bool = False
    hurried: bool = False

    @property
    def stable_has_users(self) -> bool:
        return self.percent < 100


@dataclass(frozen=True)
class Sides:
    """The address of each version alone, and its name in metrics. `stable` is None if no address leads to it any more."""

    candidate: Side
    stable: Side | None


@dataclass(frozen=True)
class Side:
    """`address`: scheme and host, without a path."""

    revision: str
    address: str


class Strategy(Protocol):
    """How one mode moves a model's requests between versions. Every answer about the cluster describes this moment."""

    @property
    def resource(self) -> str:
        """Return a pattern of the URN of the one resource that a hurried step updates."""
        ...

    def standing(self, file: StackFile) -> Standing: ...

    def forward(self, file: StackFile, stable: Named, candidate: Named, percents: Sequence[int]) -> list[Step]:
        """Return the steps from the present state of the file: dark first, then the percentages, then the promotion."""
        ...

    def back(self, file: StackFile, stable: Named, candidate: Named, *, promoted: bool) -> list[Step]:
        """Return first the step after which no user gets the candidate, then those that remove it.

        `promoted`: the candidate was promoted, so stable must start first.
        """
        ...

    def refusals(self, config: StackConfig) -> list[str]:
        """Return why this configuration must not be applied to the model that runs now."""
        ...

    def is_taken(self, config: StackConfig) -> bool:
        """Return whether the cluster has received this configuration; not whether it has carried it out."""
        ...

    def unsettled(self, step: Step, config: StackConfig) -> str | None:
        """Return what is still missing before this step has taken effect, or None when it has."""
        ...

    def trouble(self, config: StackConfig) -> str | None:
        """Return why the candidate is bad regardless of its answers: it crashed, or it is not ready."""
        ...

    def summary(self) -> str:
        """Return the versions that users get now, with their shares."""
        ...

    def sides(self, config: StackConfig) -> Sides:
        """Return the addresses of the versions of a step that has taken effect."""
        ...
