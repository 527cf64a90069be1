"""The driver's collaborators. Each is small enough for the tests to bring their own."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from scripts.mlops.delivery.gates import Figures, Windows
from scripts.mlops.delivery.journal import Judged
from scripts.mlops.delivery.plan import Sides, Step, Strategy
from scripts.mlops.delivery.stack_file import StackFile
from stacks.config import StackConfig


class UpFailedError(Exception):
    """An update that did not end well; the message is the engine's reason."""


class Engine(Protocol):
    """Applies the stack file in its present state."""

    def up(self, only: str | None = None) -> float:
        """Return the moment, by the driver's clock, at which the cluster had received all of it. Raises UpFailedError.

        `only`: a pattern of the one resource to update, because users wait for it.
        """
        ...

    def configuration(self, sections: dict[str, object]) -> StackConfig:
        """Return the configuration of these sections, completed with the settings of this machine. Raises ConfigError."""
        ...


class Watch(Protocol):
    def look(self) -> Figures:
        """Return the figures of both versions since the watch began."""
        ...


class Clock(Protocol):
    def now(self) -> float:
        """Return seconds of a clock that is never set."""
        ...

    def epoch(self) -> float:
        """Return seconds since 1970."""
        ...

    def sleep(self, seconds: float) -> None: ...


class Display(Protocol):
    def show(self, step: Step, seconds: float, windows: Windows, verdict: str) -> None:
        """Show the present state of a step."""
        ...

    def settle(self, judged: Judged) -> None:
        """Show the end of a step."""
        ...

    def say(self, text: str) -> None: ...


@dataclass(frozen=True)
class Pace:
    """Times in seconds. `interval`: how long a step is watched; `extensions` times as long while it has too few requests.

    `settle`: how long KServe and the route may take after a successful update. `persist`: how long the driver tries to lead users back.
    """

    interval: float = 60
    tick: float = 2
    settle: float = 60
    extensions: int = 3
    persist: float = 600


@dataclass(frozen=True)
class Ports:
    file: StackFile
    strategy: Strategy
    engine: Engine
    watch: Callable[[Step, Sides], AbstractContextManager[Watch]]
    clock: Clock
    display: Display
    journal: Path
