"""A rollout as a list of steps, each a state of the stack file; what knows a service's way of splitting requests is its strategy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from scripts.mlops.delivery.stack_file import Edits, StackFile
from stacks.config import StackConfig


@dataclass(frozen=True)
class Named:
    """A version as a stack file names it. `image` None: not named there, so whatever server the service has.

    `name`: what it is called there, where versions have names; it does not make another version of it.
    """

    model: str
    image: str | None = None
    name: str | None = field(default=None, compare=False)

    def is_named_by(self, stable: Named) -> bool:
        """Whether a service with this stable version has this one; the server matters where one is named."""
        return self.model == stable.model and self.image in (None, stable.image)

    def __str__(self) -> str:
        return self.model if self.image is None else f"{self.model} on {self.image}"


@dataclass(frozen=True)
class Standing:
    """What a stack file says now. `percent` None: no candidate beside stable; `candidate` None beside a percentage: it is being removed."""

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


@dataclass(frozen=True)
class Sides:
    """Where each version answers alone, and the name that metrics know it by. `stable` None: nothing leads to it any more."""

    candidate: Side
    stable: Side | None


@dataclass(frozen=True)
class Side:
    revision: str
    url: str


class Strategy(Protocol):
    """How one service moves requests between versions. What it says of the cluster is what it sees at that moment."""

    @property
    def service(self) -> str:
        """Its key below `services`."""
        ...

    @property
    def resource(self) -> str:
        """A pattern of the URN of the one resource that a hurried step updates."""
        ...

    def standing(self, file: StackFile) -> Standing: ...

    def forward(self, file: StackFile, stable: Named, candidate: Named, percents: Sequence[int]) -> list[Step]:
        """Dark first, then the percentages, then the promotion; from the file as it is now."""
        ...

    def back(self, file: StackFile, stable: Named, candidate: Named, *, promoted: bool) -> list[Step]:
        """First the one after which no user gets the candidate, then what removes it. `promoted`: long ago, so stable must start first."""
        ...

    def refusals(self, config: StackConfig) -> list[str]:
        """Why this configuration must not be applied to what runs now."""
        ...

    def is_taken(self, config: StackConfig) -> bool:
        """Whether the cluster has been told this configuration; nothing about what came of it."""
        ...

    def unsettled(self, step: Step, config: StackConfig) -> str | None:
        """What is still to come before this step stands; None: it stands."""
        ...

    def trouble(self, config: StackConfig) -> str | None:
        """Why the candidate is no good whatever it answers: it crashed, or is not ready."""
        ...

    def summary(self) -> str:
        """Who gets how many of the requests now."""
        ...

    def sides(self, config: StackConfig) -> Sides:
        """Of a step that stands."""
        ...
