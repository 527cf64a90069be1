"""What the rollout's driver touches, in memory or in one folder, whatever the service: its stack file, clock, display and measurements.

What users got is noted at every moment, and any moment may be the last one of the process.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pytest

from scripts.errors import DriverError
from scripts.mlops.delivery.driver import Rollout
from scripts.mlops.delivery.gates import Gates, Window, Windows
from scripts.mlops.delivery.journal import Journal, Judged
from scripts.mlops.delivery.plan import Named, Sides, Step, Strategy
from scripts.mlops.delivery.ports import Pace, Ports
from scripts.mlops.delivery.stack_file import Edits, StackFile
from stacks.config import StackConfig

PERCENTS = (10, 50, 100)
GATES = Gates(min_requests=20)


class Killed(BaseException):
    """kill -9: nothing of the process runs on."""


class PlainFile(StackFile):
    """JSON, which is YAML without comments to keep, and much faster."""

    @staticmethod
    def parsed(text: str) -> Any:  # noqa: ANN401
        return json.loads(text)

    def __init__(self, path: Path, world: Platform) -> None:
        super().__init__(path)
        self.world = world

    def edited(self, edits: Edits) -> str:
        content = self.parsed(self.path.read_text())
        for (section, *names), value in edits.items():
            place = content["config"].setdefault(f"inference-platform:{section}", {})
            for name in names[:-1]:
                place = place[name]
            place.pop(names[-1], None)
            if value is not None:
                place[names[-1]] = value
        return json.dumps(content)

    def write_text(self, text: str) -> None:
        self.world.moment()
        if self.parsed(text) != self.parsed(self.path.read_text()):
            super().write_text(text)
            self.world.written.append(self.world.noted())
        self.world.moment()


@dataclass
class Behaviour:
    """Of a version: `errors` per request, seconds, whether its pods start, answer the smoke check, and after how many looks they crash."""

    errors: float = 0.0
    p95_seconds: float = 0.010
    starts: bool = True
    answers: bool = True
    crashes_after: int | None = None
    requests_per_look: int = 20


@dataclass
class Platform:
    """What the driver touches, but for the service and its way of splitting requests.

    `then`: happens at the end of every update. `silent_for`: how many questions more the cluster does not answer.
    """

    folder: Path
    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    seconds: float = 0.0
    moments_left: int | None = None
    killed_when: Callable[[dict[str, int]], bool] = lambda _: False
    engine_is_broken: bool = False
    silent_for: int = 0
    then: Callable[[], None] = lambda: None
    written: list[Any] = field(default_factory=list)
    seen: list[tuple[float, dict[str, int]]] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)

    # Of each service
    candidate: ClassVar[str]
    """The model that is rolled out where nothing else is said."""

    def noted(self) -> Any:  # noqa: ANN401
        """What the stack file says of it."""
        raise NotImplementedError

    def strategy(self) -> Strategy:
        raise NotImplementedError

    def users(self) -> dict[str, int]:
        """Version → percent of the requests."""
        raise NotImplementedError

    def step(self) -> None:
        """Time passes for the cluster."""
        raise NotImplementedError

    def revisions(self) -> Sequence[Any]:
        """Whatever has a name, a version and restarts."""
        raise NotImplementedError

    def up(self, only: str | None = None) -> float:
        raise NotImplementedError

    def configuration(self, sections: dict[str, Any]) -> StackConfig:
        raise NotImplementedError

    def has(self, stack: dict[str, Any]) -> None:
        """A stack file with this configuration."""
        path = self.folder / "Pulumi.local.yaml"
        path.write_text(json.dumps({"config": stack}))
        self.file = PlainFile(path, self)

    def rollout(self, pace: Pace = Pace(interval=6, tick=2, settle=6, persist=30)) -> Rollout:  # noqa: B008 - frozen
        return Rollout(Ports(self.file, self.strategy(), self, self.watch, self, self, self.journal), GATES, pace)

    def run(self, model: str | None = None, image: str | None = None) -> Journal:
        return self.rollout().run(Named(model or self.candidate, image), PERCENTS)

    @property
    def journal(self) -> Path:
        return self.folder / "rollout.json"

    def moment(self) -> None:
        """The process may be killed here."""
        users = self.users()
        self.seen.append((self.seconds, users))
        if self.killed_when(users):
            raise Killed
        if self.moments_left is not None:
            self.moments_left -= 1
            if self.moments_left < 0:
                raise Killed

    def asked(self) -> None:
        """The cluster, something."""
        if self.silent_for:
            self.silent_for -= 1
            raise DriverError("the cluster does not answer")

    # Clock
    def now(self) -> float:
        return self.seconds

    def epoch(self) -> float:
        return 1_000_000 + self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        self.step()
        self.moment()

    # Display
    def show(self, step: Step, seconds: float, windows: Windows, verdict: str) -> None: ...

    def settle(self, judged: Judged) -> None:
        self.shown.append(f"{judged.name}: {judged.verdict}")

    def say(self, text: str) -> None:
        self.shown.append(text)

    # Watch
    @contextmanager
    def watch(self, step: Step, sides: Sides) -> Iterator[FakeWatch]:
        yield FakeWatch(self, step, sides)

    def behaviour(self, model: str, image: str | None) -> Behaviour:
        return self.behaviours.get(image or "", self.behaviours.get(model, Behaviour()))


@dataclass
class FakeWatch:
    world: Platform
    step: Step
    sides: Sides
    looks: int = 0

    def look(self) -> Windows:
        self.looks += 1
        return Windows(
            stable=self.window(self.sides.stable.revision) if self.sides.stable else Window(),
            candidate=self.window(self.sides.candidate.revision),
        )

    def window(self, revision: str) -> Window:
        (found,) = [each for each in self.world.revisions() if each.name == revision]
        behaviour = self.world.behaviour(found.version.model, found.version.image)
        if behaviour.crashes_after is not None and self.looks > behaviour.crashes_after:
            found.restarts += 1
        requests = self.looks * behaviour.requests_per_look
        return Window(requests, round(requests * behaviour.errors), behaviour.p95_seconds if requests else None)


BAD = {
    "errors": Behaviour(errors=0.05),
    "slow": Behaviour(p95_seconds=0.030),
    "does not start": Behaviour(starts=False),
    "does not answer": Behaviour(answers=False),
    "crashes": Behaviour(crashes_after=1),
    "is never asked": Behaviour(requests_per_look=0),
}


def share_of(users: dict[str, int], model: str) -> int:
    return sum(share for version, share in users.items() if version.startswith(model))


def killed_at(world: Platform, percent: int) -> None:
    """A rollout whose process is gone as soon as users get this much of the candidate."""
    world.killed_when = lambda users: share_of(users, world.candidate) >= percent
    with pytest.raises(Killed):
        world.run()
    world.killed_when = lambda _: False
