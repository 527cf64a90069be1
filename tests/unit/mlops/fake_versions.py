"""A platform in memory for the driver in Standard mode: InferenceServices, one route before them, and a Pulumi update's order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from components.serving.model import Model
from scripts.live_state import SERVER, Content, Object
from scripts.live_versions import Versions, read
from scripts.mlops.delivery.plan import Strategy
from scripts.mlops.delivery.ports import UpFailedError
from scripts.mlops.delivery.weighted_versions import WeightedVersions
from tests.unit.mlops.fake_ports import Platform

NOBODY = "nobody"


@dataclass
class Part:
    """The pods of one version."""

    name: str
    content: Content
    ready: bool = False
    restarts: int = 0

    def object(self) -> Object:
        ready = {"type": "Ready", "status": "True"} if self.ready else {"type": "Ready", "status": "Unknown", "reason": "Deploying"}
        fields = {"storageUri": self.content.source, "image": self.content.image}
        return {
            "metadata": {"name": self.name, "generation": 1},
            "spec": {"predictor": {"model": {key: value for key, value in fields.items() if value}}},
            "status": {"observedGeneration": 1, "conditions": [ready]},
        }


@dataclass
class FakeVersions:
    """`started`: every start of a version's pods. `asked`: the route's weights; `programmed`: those that users get.

    `unready`: sources whose pods never become ready. `is_deaf`: the gateway does not look at the route.
    """

    name: str = "digits"
    unready: set[str | None] = field(default_factory=set)
    is_deaf: bool = False
    parts: dict[str, Part] = field(default_factory=dict)
    started: list[str] = field(default_factory=list)
    asked: dict[str, int] = field(default_factory=dict)
    programmed: dict[str, int] = field(default_factory=dict)
    generation: int = 0
    observed: int = 0

    def serve(self, model: Model) -> None:
        for part in model.parts:
            wanted = Content(*part.version.content)
            if part.name not in self.parts or self.parts[part.name].content != wanted:
                self.parts[part.name] = Part(part.name, wanted)
                self.started.append(part.version.name)

    def lead(self, model: Model) -> None:
        asked = {part.name: part.version.weight for part in model.parts}
        if asked != self.asked:
            self.asked, self.generation = asked, self.generation + 1

    def drop(self, model: Model) -> None:
        kept = {part.name for part in model.parts}
        self.parts = {name: part for name, part in self.parts.items() if name in kept}

    def step(self) -> None:
        for part in self.parts.values():
            part.ready = part.content.source not in self.unready
        if not self.is_deaf:
            self.programmed, self.observed = self.asked, self.generation

    def users(self) -> dict[str, int]:
        shares: dict[str, int] = {}
        for name, weight in self.programmed.items():
            part = self.parts.get(name)
            version = str(part.content) if part and part.ready else NOBODY
            shares[version] = shares.get(version, 0) + weight
        return {version: share for version, share in shares.items() if share}

    def live(self) -> Versions:
        condition = {"status": "True", "observedGeneration": self.observed}
        conditions = [{"type": kind, **condition} for kind in ("Accepted", "ResolvedRefs")]
        route: Object = {
            "metadata": {"generation": self.generation},
            "spec": {
                "parentRefs": [{"name": "gateway"}],
                "rules": [{"backendRefs": [{"name": f"{name}-predictor", "weight": weight} for name, weight in self.asked.items()]}],
            },
            "status": {"parents": [{"parentRef": {"name": "gateway"}, "conditions": conditions}]},
        }
        return read(self.name, [part.object() for part in self.parts.values()], route if self.generation else None)


@dataclass
class VersionsWorld(Platform):
    mode: ClassVar[str] = "Standard"
    scaling: ClassVar[dict[str, Any]] = {"metric": "cpu"}
    last: ClassVar[int] = 100

    kserve: FakeVersions = field(default_factory=FakeVersions)
    ups: list[tuple[str | None, list[tuple[str, int]]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.has(self.entry())
        self.kserve.name = self.name
        model = self.model()
        self.kserve.serve(model)
        self.kserve.step()
        self.kserve.lead(model)
        self.kserve.step()

    def strategy(self) -> Strategy:
        return WeightedVersions(self.model(), self, self.below)

    def users(self) -> dict[str, int]:
        return self.kserve.users()

    def step(self) -> None:
        self.kserve.step()

    def revisions(self) -> Sequence[Any]:
        return list(self.kserve.parts.values())

    def up(self, only: str | None = None) -> float:
        self.moment()
        if self.engine_is_broken:
            raise UpFailedError("error: the API server does not answer")
        model = self.model()
        self.ups.append((only, [(version.name, version.weight) for version in model.versions]))
        self.kserve.unready = {source for source, behaviour in self.behaviours.items() if not behaviour.starts}
        if only is None:
            self._serve(model)
        self.kserve.lead(model)
        self.moment()
        if only is None:
            self._check_route(model)
            self.kserve.drop(model)
            self.moment()
        return self.seconds

    def _serve(self, model: Model) -> None:
        """No user is led to a version that has not answered (tests/graph/test_versions.py)."""
        self.kserve.serve(model)
        for _ in range(2):
            self.moment()
            self.kserve.step()
            self.seconds += 1
        for expected in model.parts:
            part = self.kserve.parts[expected.name]
            if not part.ready:
                raise UpFailedError(f"{part.name} is not ready")
            if not self.behaviour(part.content).answers:
                raise UpFailedError(f"{part.name} does not answer")

    def _check_route(self, model: Model) -> None:
        self.kserve.step()
        self.moment()
        self.then()
        for version in model.versions:
            if version.weight == 100 and not self.behaviour(Content(*version.content)).answers:
                raise UpFailedError(f"{version.name} does not answer through the route")

    # Cluster
    def versions(self) -> Versions:
        self.asked()
        return self.kserve.live()

    def pods_of(self, inference_service: str) -> list[Object]:
        self.asked()
        part = self.kserve.parts[inference_service]
        ended = {"terminated": {"exitCode": 3}} if part.restarts else {}
        return [
            {
                "metadata": {"name": f"{part.name}-predictor-1"},
                "status": {"containerStatuses": [{"name": SERVER, "restartCount": part.restarts, "lastState": ended}]},
            }
        ]
