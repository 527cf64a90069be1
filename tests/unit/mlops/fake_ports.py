"""Everything that the rollout's driver touches, in memory or in one folder, in both modes: its stack file, clock, display and measurements.

The users' answers are noted at every moment, and any moment may be the last one of the process.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import pytest

from components.serving.model import Model
from scripts.errors import DriverError
from scripts.live_state import Content
from scripts.local.overlays import laid_over
from scripts.mlops.delivery.driver import Rollout
from scripts.mlops.delivery.gates import Figures, Gates, Window, Windows
from scripts.mlops.delivery.journal import Journal, Judged
from scripts.mlops.delivery.plan import Named, Sides, Step, Strategy
from scripts.mlops.delivery.ports import Pace, Ports
from scripts.mlops.delivery.stack_file import Edits, StackFile
from stacks.config import StackConfig, parse
from tests.model_files import PLATFORM

A, B, C, D = (f"s3://models/new/{name}.pt" for name in "abcd")
PERCENTS = (10, 50, 100)
GATES = Gates(min_requests=20)


class Killed(BaseException):
    """kill -9: nothing of the process runs on."""


class PlainFile(StackFile):
    """JSON, which is YAML without comments to keep, and much faster."""

    def parsed(self, text: str) -> dict[str, Any]:
        return dict(json.loads(text))

    def __init__(self, path: Path, world: Platform) -> None:
        super().__init__(path)
        self.world = world

    def edited(self, edits: Edits) -> str:
        content = self.parsed(self.path.read_text())
        for (section, *names), value in edits.items():
            place = content["config"].setdefault(f"inference-platform:{section}", {})
            *above, last = names
            for name in above:
                place = place.setdefault(name, {})
            place.pop(last, None)
            if value is not None:
                place[last] = value
        models = content["config"].get("inference-platform:models", {})
        content["config"]["inference-platform:models"] = {name: entry for name, entry in models.items() if entry}
        return json.dumps(content)

    def write_text(self, text: str) -> None:
        self.world.moment()
        if self.parsed(text) != self.parsed(self.path.read_text()):
            super().write_text(text)
            self.world.written.append(self.world.noted())
        self.world.moment()


@dataclass
class Behaviour:
    """A version's `errors` per request and seconds, if its pods start and answer the smoke check, and after how many looks they crash."""

    errors: float = 0.0
    p95_seconds: float = 0.010
    starts: bool = True
    answers: bool = True
    crashes_after: int | None = None
    requests_per_look: int = 20


@dataclass
class Platform:
    """Everything that the driver touches, but for the model and its way of splitting requests.

    `server`, `given`: the model's entry in the stack file, where `given` is its list of versions or its one source. `more`: its other keys.
    `below`: what the machine lays below the stack file. `then`: happens at the end of every update. `silent_for`: how many questions more
    the cluster does not answer.
    """

    folder: Path
    behaviours: dict[str | None, Behaviour] = field(default_factory=dict)
    name: str = "digits"
    server: dict[str, Any] = field(default_factory=lambda: {"kind": "pytorch"})
    given: str | list[dict[str, Any]] | None = A
    more: dict[str, Any] = field(default_factory=dict)
    below: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    moments_left: int | None = None
    killed_when: Callable[[dict[str, int]], bool] = lambda _: False
    engine_is_broken: bool = False
    silent_for: int = 0
    then: Callable[[], None] = lambda: None
    written: list[Any] = field(default_factory=list)
    seen: list[tuple[float, dict[str, int]]] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)

    # Set by each mode
    mode: ClassVar[str]
    scaling: ClassVar[dict[str, Any]]
    last: ClassVar[int]
    """The last percentage that is watched."""

    def noted(self) -> Any:  # noqa: ANN401
        """Return what the stack file says of the versions: the list, or the one source."""
        entry = self.file.value(("models", self.name)) or {}
        return entry.get("versions") or entry.get("source")

    def strategy(self) -> Strategy:
        raise NotImplementedError

    def users(self) -> dict[str, int]:
        """Return the percent of the requests by version."""
        raise NotImplementedError

    def step(self) -> None:
        """Let time pass for the cluster."""
        raise NotImplementedError

    def revisions(self) -> Sequence[Any]:
        """Return whatever has a name, a content and restarts."""
        raise NotImplementedError

    def up(self, only: str | None = None) -> float:
        raise NotImplementedError

    def entry(self) -> dict[str, Any]:
        """The model's entry as the stack file begins."""
        form = {"source" if isinstance(self.given, str) else "versions": self.given} if self.given else {}
        return {"server": self.server, "scaling": self.scaling, **form, **self.more}

    def has(self, entry: dict[str, Any] | None) -> None:
        """Write a stack file with this entry of the model."""
        path = self.folder / "Pulumi.local.yaml"
        path.write_text(json.dumps({"config": {"inference-platform:models": {self.name: entry} if entry else {}}}))
        self.file = PlainFile(path, self)

    def configuration(self, sections: dict[str, Any]) -> StackConfig:
        return parsed(json.dumps(laid_over(self.below, sections)), self.name)

    def model(self, config: StackConfig | None = None) -> Model:
        """Return the model of a configuration; without one, of the stack file."""
        config = config or self.configuration(self.file.sections({}))
        return Model(name=self.name, entry=config.models[self.name])

    def rollout(self, pace: Pace = Pace(interval=6, tick=2, settle=6, persist=30)) -> Rollout:  # noqa: B008 - frozen
        return Rollout(Ports(self.file, self.strategy(), self, self.watch, self, self, self.journal), GATES, pace)

    def run(self, source: str | None = B, image: str | None = None) -> Journal:
        return self.rollout().run(Named(source, image), PERCENTS)

    @property
    def journal(self) -> Path:
        return self.folder / "rollout.json"

    def moment(self) -> None:
        """Note what users get. The process may be killed here."""
        users = self.users()
        self.seen.append((self.seconds, users))
        if self.killed_when(users):
            raise Killed
        if self.moments_left is not None:
            self.moments_left -= 1
            if self.moments_left < 0:
                raise Killed

    def asked(self) -> None:
        """Note a question to the cluster."""
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

    def behaviour(self, content: Content) -> Behaviour:
        return self.behaviours.get(content.image or "", self.behaviours.get(content.source, Behaviour()))


@dataclass
class FakeWatch:
    world: Platform
    step: Step
    sides: Sides
    looks: int = 0

    def look(self) -> Figures:
        self.looks += 1
        stable = self.window(self.sides.stable.revision) if self.sides.stable else Window()
        return Figures(Windows(stable=stable, candidate=self.window(self.sides.candidate.revision)))

    def window(self, revision: str) -> Window:
        (found,) = [each for each in self.world.revisions() if each.name == revision]
        behaviour = self.world.behaviour(found.content)
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


def entry(name: str, source: str | None, weight: int, **more: str) -> dict[str, Any]:
    return {"name": name, **({"source": source} if source else {}), **more, "weight": weight}


def at(percent: int) -> list[dict[str, Any]]:
    """The stack file with B as the candidate beside A."""
    return [entry("v1", A, 100 - percent), entry("v2", B, percent)]


def share_of(users: dict[str, int], source: str) -> int:
    return sum(share for version, share in users.items() if version.startswith(source))


def shares(world: Platform, source: str) -> list[int]:
    """The answers that users got, moment by moment."""
    return [share_of(users, source) for _, users in world.seen]


def killed_at(world: Platform, percent: int) -> None:
    """A rollout whose process is gone as soon as users get this much of the candidate."""
    world.killed_when = lambda users: share_of(users, B) >= percent
    with pytest.raises(Killed):
        world.run()
    world.killed_when = lambda _: False


def turns(world: Platform, after: str, behaviour: Behaviour) -> None:
    """B behaves so once this step is over."""
    settle = world.settle

    def turn(judged: Judged) -> None:
        settle(judged)
        if judged.name == after:
            world.behaviours[B] = behaviour

    world.settle = turn  # type: ignore[method-assign]


@cache
def parsed(sections: str, name: str) -> StackConfig:
    return parse({**PLATFORM, "images": {name: {"server": "server:1"}}, **json.loads(sections)}, "local")
