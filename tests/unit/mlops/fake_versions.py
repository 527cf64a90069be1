"""SmolLM's platform for the driver: InferenceServices, one route before them, and what a Pulumi update does to them in which order."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from components.serving.route_rules import part_name
from scripts.live_state import SERVER, Object, Version
from scripts.live_versions import Versions, read
from scripts.mlops.delivery.plan import Strategy
from scripts.mlops.delivery.ports import UpFailedError
from scripts.mlops.delivery.weighted_versions import VERSIONS, WeightedVersions
from stacks.config import StackConfig, parse
from stacks.services import SMOLLM
from tests.service_files import PLATFORM
from tests.unit.mlops.fake_ports import Platform, share_of

A, B, C = (f"s3://models/smollm/{name}" for name in "abc")
NOBODY = "nobody"


def entry(name: str, model: str, weight: int, **more: str) -> dict[str, Any]:
    return {"name": name, "model": model, **more, "weight": weight}


@dataclass
class Part:
    """The pods of one version."""

    name: str
    version: Version
    ready: bool = False
    restarts: int = 0

    def object(self) -> Object:
        ready = {"type": "Ready", "status": "True"} if self.ready else {"type": "Ready", "status": "Unknown", "reason": "Deploying"}
        model = {"storageUri": self.version.model} | ({"image": self.version.image} if self.version.image else {})
        return {
            "metadata": {"name": self.name, "generation": 1},
            "spec": {"predictor": {"model": model}},
            "status": {"observedGeneration": 1, "conditions": [ready]},
        }


@dataclass
class FakeVersions:
    """`started`: every start of a version's pods. `asked`: the route's weights; `programmed`: those that users get.

    `unready`: models whose pods never become ready. `is_deaf`: the gateway does not look at the route.
    """

    unready: set[str] = field(default_factory=set)
    is_deaf: bool = False
    parts: dict[str, Part] = field(default_factory=dict)
    started: list[str] = field(default_factory=list)
    asked: dict[str, int] = field(default_factory=dict)
    programmed: dict[str, int] = field(default_factory=dict)
    generation: int = 0
    observed: int = 0

    def serve(self, config: StackConfig) -> None:
        for version in listed(config):
            name, wanted = part_name(SMOLLM, version.name), Version(version.model, version.image)
            if name not in self.parts or self.parts[name].version != wanted:
                self.parts[name] = Part(name, wanted)
                self.started.append(version.name)

    def lead(self, config: StackConfig) -> None:
        asked = {part_name(SMOLLM, version.name): version.weight for version in listed(config)}
        if asked != self.asked:
            self.asked, self.generation = asked, self.generation + 1

    def drop(self, config: StackConfig) -> None:
        kept = {part_name(SMOLLM, version.name) for version in listed(config)}
        self.parts = {name: part for name, part in self.parts.items() if name in kept}

    def step(self) -> None:
        for part in self.parts.values():
            part.ready = part.version.model not in self.unready
        if not self.is_deaf:
            self.programmed, self.observed = self.asked, self.generation

    def users(self) -> dict[str, int]:
        shares: dict[str, int] = {}
        for name, weight in self.programmed.items():
            part = self.parts.get(name)
            who = str(part.version) if part and part.ready else NOBODY
            shares[who] = shares.get(who, 0) + weight
        return {who: share for who, share in shares.items() if share}

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
        return read([part.object() for part in self.parts.values()], route if self.generation else None)


@dataclass
class VersionsWorld(Platform):
    """`below`: what the stack file leaves to the machine."""

    candidate = B
    kserve: FakeVersions = field(default_factory=FakeVersions)
    below: dict[str, Any] = field(default_factory=dict)
    stack: list[dict[str, Any]] | None = field(default_factory=lambda: [entry("v1", A, 100)])
    more: dict[str, Any] = field(default_factory=dict)
    ups: list[tuple[str | None, list[tuple[str, int]]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        smollm = {**self.more, **({"versions": self.stack} if self.stack else {})}
        self.has({"inference-platform:services": {"smollm": smollm}})
        config = self.configuration(self.file.sections({}))
        self.kserve.serve(config)
        self.kserve.step()
        self.kserve.lead(config)
        self.kserve.step()

    def noted(self) -> Any:  # noqa: ANN401
        return self.file.value(VERSIONS)

    def strategy(self) -> Strategy:
        return WeightedVersions(self, self.below)

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
        config = self.configuration(self.file.sections({}))
        self.ups.append((only, [(version.name, version.weight) for version in listed(config)]))
        self.kserve.unready = {model for model, behaviour in self.behaviours.items() if not behaviour.starts}
        if only is None:
            self._serve(config)
        self.kserve.lead(config)
        self.moment()
        if only is None:
            self._check_route(config)
            self.kserve.drop(config)
            self.moment()
        return self.seconds

    def _serve(self, config: StackConfig) -> None:
        """Nobody is led to a version that has not answered (tests/graph/test_versions.py)."""
        self.kserve.serve(config)
        for _ in range(2):
            self.moment()
            self.kserve.step()
            self.seconds += 1
        for version in listed(config):
            part = self.kserve.parts[part_name(SMOLLM, version.name)]
            if not part.ready:
                raise UpFailedError(f"{part.name} is not ready")
            if not self.behaviour(part.version.model, part.version.image).answers:
                raise UpFailedError(f"{part.name} does not answer")

    def _check_route(self, config: StackConfig) -> None:
        self.kserve.step()
        self.moment()
        self.then()
        for version in listed(config):
            if version.weight == 100 and not self.behaviour(version.model, version.image).answers:
                raise UpFailedError(f"{version.name} does not answer through the route")

    def configuration(self, sections: dict[str, Any]) -> StackConfig:
        services = sections["services"]["smollm"]
        below = self.below.get("services", {}).get("smollm", {})
        return _parsed(json.dumps({"smollm": {**below, **services}}))

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


def shares(world: VersionsWorld, model: str) -> list[int]:
    """What users got of it, moment by moment."""
    return [share_of(users, model) for _, users in world.seen]


def listed(config: StackConfig) -> list[Any]:
    return config.services.smollm.versions if config.services.smollm else []


@cache
def _parsed(services: str) -> StackConfig:
    return parse({**PLATFORM, "services": json.loads(services)}, "local")
