"""A platform in memory on which the driver delivers a model in Knative mode: an engine and a cluster that do what the stack file says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from scripts.live_rules import Wanted, wanted
from scripts.live_state import Live
from scripts.mlops.delivery.knative_canary import KnativeCanary
from scripts.mlops.delivery.plan import Strategy
from scripts.mlops.delivery.ports import UpFailedError
from tests.unit.mlops.fake_kserve import FakeKServe
from tests.unit.mlops.fake_ports import Platform


@dataclass
class World(Platform):
    """`is_slow`: an update ends before anything came of it, and nothing was checked."""

    mode: ClassVar[str] = "Knative"
    scaling: ClassVar[dict[str, Any]] = {"metric": "rps", "target": 10}
    last: ClassVar[int] = 99

    kserve: FakeKServe = field(default_factory=FakeKServe)
    is_slow: bool = False
    ups: list[tuple[str | None, Wanted]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.has(self.entry())
        self.kserve.name = self.name
        self.kserve.apply(self.wanted())
        self.kserve.settle()

    def wanted(self) -> Wanted:
        config = self.configuration(self.file.sections({}))
        return wanted(self.model(config), config)

    def strategy(self) -> Strategy:
        return KnativeCanary(self.model(), self, self.below)

    def users(self) -> dict[str, int]:
        return self.kserve.users()

    def step(self) -> None:
        self.kserve.step()

    def revisions(self) -> Sequence[Any]:
        return self.kserve.revisions

    # Engine
    def up(self, only: str | None = None) -> float:
        self.moment()
        if self.engine_is_broken:
            raise UpFailedError("error: the API server does not answer")
        change = self.wanted()
        self.ups.append((only, change))
        self.kserve.unready = {source for source, behaviour in self.behaviours.items() if not behaviour.starts}
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
            raise UpFailedError(f"{newest.content} is not ready")
        if only is None and not self.behaviour(newest.content).answers:
            raise UpFailedError(f"{newest.content} does not answer")
        return self.seconds

    # Cluster
    def observe(self) -> Live | None:
        self.asked()
        return self.kserve.observe()

    def pods(self, revision: str) -> list[dict[str, Any]]:
        self.asked()
        return self.kserve.pods(revision)
