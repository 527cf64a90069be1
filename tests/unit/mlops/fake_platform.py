"""A stack file, an engine, a cluster and a clock for the rollout's driver: everything it touches, in memory or in one folder.

What users got is noted at every moment, and any moment may be the last one of the process.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from scripts.errors import DriverError
from scripts.live_rules import Wanted, wanted
from scripts.live_state import Live, Version
from scripts.mlops.delivery.driver import Rollout
from scripts.mlops.delivery.gates import Gates, Window, Windows
from scripts.mlops.delivery.journal import Journal, Judged
from scripts.mlops.delivery.knative_canary import CANARY, IMAGE, MODEL, KnativeCanary
from scripts.mlops.delivery.plan import Named, Sides, Step
from scripts.mlops.delivery.ports import Pace, Ports, UpFailedError
from scripts.mlops.delivery.stack_file import Edits, StackFile
from stacks.config import StackConfig, parse
from tests.unit.mlops.fake_kserve import FakeKServe

A, B = "s3://models/mnist/a.pt", "s3://models/mnist/b.pt"
PERCENTS = (10, 50, 100)
GATES = Gates(min_requests=20)
SECTIONS: dict[str, Any] = {
    "knative": {"enabled": True},
    "gatewayApi": {"enabled": True},
    "envoyGateway": {"enabled": True},
    "images": {"mnistWeights": "weights:1"},
}
STACK = {"inference-platform:services": {"mnist": {"model": A, "scaling": {"metric": "rps", "target": 10}}}}


class Killed(BaseException):
    """kill -9: nothing of the process runs on."""


class PlainFile(StackFile):
    """JSON, which is YAML without comments to keep, and much faster."""

    @staticmethod
    def parsed(text: str) -> Any:  # noqa: ANN401
        return json.loads(text)

    def __init__(self, path: Path, world: World) -> None:
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
            self.world.written.append({"model": self.value(MODEL), "canary": self.value(CANARY), "image": self.value(IMAGE)})
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
class World:
    """`is_slow`: an update ends before anything came of it, and nothing was checked. `then`: happens at the end of every update.

    `silent_for`: how many questions more the cluster does not answer.
    """

    folder: Path
    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    kserve: FakeKServe = field(default_factory=FakeKServe)
    seconds: float = 0.0
    moments_left: int | None = None
    killed_when: Callable[[dict[str, int]], bool] = lambda _: False
    engine_is_broken: bool = False
    is_slow: bool = False
    silent_for: int = 0
    then: Callable[[], None] = lambda: None
    written: list[dict[str, object]] = field(default_factory=list)
    seen: list[tuple[float, dict[str, int]]] = field(default_factory=list)
    ups: list[tuple[str | None, Wanted]] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        path = self.folder / "Pulumi.local.yaml"
        path.write_text(json.dumps({"config": STACK}))
        self.file = PlainFile(path, self)
        self.kserve.apply(Wanted(Version(A, self.kserve.server)))
        self.kserve.settle()

    def rollout(self, pace: Pace = Pace(interval=6, tick=2, settle=6, persist=30)) -> Rollout:  # noqa: B008 - frozen
        return Rollout(Ports(self.file, KnativeCanary(self), self, self.watch, self, self, self.journal), GATES, pace)

    def run(self, model: str = B, image: str | None = None) -> Journal:
        return self.rollout().run(Named(model, image), PERCENTS)

    @property
    def journal(self) -> Path:
        return self.folder / "rollout.json"

    def moment(self) -> None:
        """Time passes for KServe too; the process may be killed here."""
        self.seen.append((self.seconds, self.kserve.users()))
        if self.killed_when(self.kserve.users()):
            raise Killed
        if self.moments_left is not None:
            self.moments_left -= 1
            if self.moments_left < 0:
                raise Killed

    # Engine
    def up(self, only: str | None = None) -> float:
        self.moment()
        if self.engine_is_broken:
            raise UpFailedError("error: the API server does not answer")
        change = wanted(self.configuration(self.file.sections({})))
        assert change is not None
        self.ups.append((only, change))
        self.kserve.unready = {model for model, behaviour in self.behaviours.items() if not behaviour.starts}
        self.kserve.apply(change)
        self.moment()
        if self.is_slow:
            return self.seconds
        for _ in range(4):
            self.kserve.step()
            self.seconds += 1
            self.moment()
        self.then()
        newest = self.kserve.revisions[-1]
        if only is None and not newest.ready:
            raise UpFailedError(f"{newest.version.model} is not ready")
        if only is None and not self.behaviour(newest.version.model, newest.version.image).answers:
            raise UpFailedError(f"{newest.version.model} does not answer")
        return self.seconds

    def configuration(self, sections: dict[str, Any]) -> StackConfig:
        return _parsed(json.dumps(sections), self.kserve.server)

    # Cluster
    def observe(self) -> Live | None:
        self._asked()
        return self.kserve.observe()

    def pods(self, revision: str) -> list[dict[str, Any]]:
        self._asked()
        return self.kserve.pods(revision)

    def _asked(self) -> None:
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
        self.kserve.step()
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
    world: World
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
        (found,) = [each for each in self.world.kserve.revisions if each.name == revision]
        behaviour = self.world.behaviour(found.version.model, found.version.image)
        if behaviour.crashes_after is not None and self.looks > behaviour.crashes_after:
            found.restarts += 1
        requests = self.looks * behaviour.requests_per_look
        return Window(requests, round(requests * behaviour.errors), behaviour.p95_seconds if requests else None)


@cache
def _parsed(sections: str, server: str) -> StackConfig:
    given = json.loads(sections)
    images = {**SECTIONS["images"], "mnist": server, **given.get("images", {})}
    return parse({**SECTIONS, **given, "images": images}, "local")


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


def killed_at(world: World, percent: int) -> None:
    """A rollout whose process is gone as soon as users get this much of the candidate."""
    world.killed_when = lambda users: share_of(users, B) >= percent
    with pytest.raises(Killed):
        world.run()
    world.killed_when = lambda _: False
