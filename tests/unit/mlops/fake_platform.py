"""A platform in memory on which the rollout's driver delivers MNIST: an engine and a cluster that are told what the stack file says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from scripts.live_rules import Wanted, wanted
from scripts.live_state import Live, Version
from scripts.mlops.delivery.knative_canary import CANARY, IMAGE, MODEL, KnativeCanary
from scripts.mlops.delivery.plan import Strategy
from scripts.mlops.delivery.ports import UpFailedError
from stacks.config import StackConfig, parse
from tests.unit.mlops.fake_kserve import FakeKServe
from tests.unit.mlops.fake_ports import Platform

A, B = "s3://models/mnist/a.pt", "s3://models/mnist/b.pt"
SECTIONS: dict[str, Any] = {
    "knative": {"enabled": True},
    "gatewayApi": {"enabled": True},
    "envoyGateway": {"enabled": True},
    "images": {"mnistWeights": "weights:1"},
}
STACK = {"inference-platform:services": {"mnist": {"model": A, "scaling": {"metric": "rps", "target": 10}}}}


@dataclass
class World(Platform):
    """MNIST on Knative. `is_slow`: an update ends before anything came of it, and nothing was checked."""

    candidate = B
    kserve: FakeKServe = field(default_factory=FakeKServe)
    is_slow: bool = False
    ups: list[tuple[str | None, Wanted]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.has(STACK)
        self.kserve.apply(Wanted(Version(A, self.kserve.server)))
        self.kserve.settle()

    def noted(self) -> Any:  # noqa: ANN401
        value = self.file.value
        return {"model": value(MODEL), "canary": value(CANARY), "image": value(IMAGE)}

    def strategy(self) -> Strategy:
        return KnativeCanary(self)

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
        self.asked()
        return self.kserve.observe()

    def pods(self, revision: str) -> list[dict[str, Any]]:
        self.asked()
        return self.kserve.pods(revision)


@cache
def _parsed(sections: str, server: str) -> StackConfig:
    given = json.loads(sections)
    images = {**SECTIONS["images"], "mnist": server, **given.get("images", {})}
    return parse({**SECTIONS, **given, "images": images}, "local")
