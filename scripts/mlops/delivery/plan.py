"""A rollout as a list of steps, each a state of the stack file. A strategy knows how a model's requests are split between versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from scripts.mlops.delivery.stack_file import Edits, StackFile
from stacks.config import StackConfig


@dataclass(frozen=True)
class Named:
    """A version as a stack file has it. `source` None: its image brings its files; `image` None: the model's own server.

    `name` is its name there, and `short` says that it is written as `source` alone; neither makes another version of it.
    """

    source: str | None
    image: str | None = None
    name: str | None = field(default=None, compare=False)
    short: bool = field(default=False, compare=False)

    def is_named_by(self, stable: Named) -> bool:
        """Whether a model with this stable version has this one; the server matters only where one is named."""
        return self.source == stable.source and self.image in (None, stable.image)

    def __str__(self) -> str:
        return " on ".join(part for part in (self.source, self.image) if part) or "the server's own image"


@dataclass(frozen=True)
class Standing:
    """The state of a stack file. `percent` None: no candidate beside stable; `candidate` None beside a percentage: it is being removed."""

    stable: Named
    candidate: Named | None = None
    percent: int | None = None


@dataclass(frozen=True)
class Step:
    """`percent`: the candidate's share of the requests. `watched`: judged before the next step.

    `hurried`: users wait for it, so nothing else of the stack is updated with it.
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
    """Where each version answers alone, and the name that metrics know it by. `stable` None: nothing leads to it any more."""

    candidate: Side
    stable: Side | None


@dataclass(frozen=True)
class Side:
    """`address`: of its host, without a path."""

    revision: str
    address: str


class Strategy(Protocol):
    """How one mode moves a model's requests between versions. Every answer about the cluster is what it sees at that moment."""

    @property
    def resource(self) -> str:
        """Return a pattern of the URN of the one resource that a hurried step updates."""
        ...

    def standing(self, file: StackFile) -> Standing: ...

    def forward(self, file: StackFile, stable: Named, candidate: Named, percents: Sequence[int]) -> list[Step]:
        """Return the steps from the file as it is now: dark first, then the percentages, then the promotion."""
        ...

    def back(self, file: StackFile, stable: Named, candidate: Named, *, promoted: bool) -> list[Step]:
        """Return first the step after which no user gets the candidate, then those that remove it.

        `promoted`: the candidate was promoted long ago, so stable must start first.
        """
        ...

    def refusals(self, config: StackConfig) -> list[str]:
        """Return why this configuration must not be applied to what runs now."""
        ...

    def is_taken(self, config: StackConfig) -> bool:
        """Whether the cluster has been told this configuration; it says nothing about what came of it."""
        ...

    def unsettled(self, step: Step, config: StackConfig) -> str | None:
        """Return what is still to come before this step stands, or None when it stands."""
        ...

    def trouble(self, config: StackConfig) -> str | None:
        """Return why the candidate is bad whatever it answers: it crashed, or it is not ready."""
        ...

    def summary(self) -> str:
        """Return the versions that users get now, with their shares."""
        ...

    def sides(self, config: StackConfig) -> Sides:
        """Return where the versions of a step that stands answer."""
        ...
