"""Standard mode: each version is its own InferenceService, and one route's weights split the requests. A change of weights restarts no pod.

The candidate is the version after stable in the list. At 100 % stable still runs, and one update of the route restores it,
until the promotion takes it out of the list. A version that is gone comes back as a new one behind the version that users have, so it comes
after that one in the list. A rollout does not change versions that an experiment or a shadow names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from components.serving.model import Model, Part
from components.serving.versions import Version
from scripts.errors import DriverError
from scripts.live_state import Content, Object
from scripts.live_versions import Versions, refused
from scripts.mlops.delivery.plan import Named, Side, Sides, Standing, Step
from scripts.mlops.delivery.pods import crash
from scripts.mlops.delivery.stack_file import StackFile
from scripts.mlops.delivery.versions_file import VersionsFile
from stacks.config import StackConfig


class Cluster(Protocol):
    """The questions that this strategy asks about the cluster that the stack runs in."""

    def versions(self) -> Versions: ...

    def pods_of(self, inference_service: str) -> list[Object]: ...


class WeightedVersions:
    """`below`: the sections that this machine adds below those of the stack file."""

    def __init__(self, model: Model, cluster: Cluster, below: Mapping[str, Any]) -> None:
        self._name, self._cluster = model.name, cluster
        self._versions = VersionsFile(model.name, below, names_matter=True)
        self.resource = f"**kubernetes:gateway.networking.k8s.io/v1:HTTPRoute::{model.name}"

    def standing(self, file: StackFile) -> Standing:
        match self._versions.listed(file):
            case [(stable, _)]:
                return Standing(stable)
            case [(stable, _), (candidate, weight)]:
                return Standing(stable, candidate, weight)
        raise DriverError(
            f"{self._key}: a rollout needs one version, or stable and then its candidate, besides those of an experiment or a shadow"
        )

    def forward(self, file: StackFile, stable: Named, candidate: Named, percents: Sequence[int]) -> list[Step]:
        # The last share is always 100 %: a version must have no requests before it is taken out of the list.
        shared = [
            Step(
                f"{percent} %" if percent else "dark",
                percent,
                self._versions.edits(file, {stable: 100 - percent, candidate: percent}),
                watched=True,
            )
            for percent in dict.fromkeys([0, *percents, 100])
        ]
        return [*shared, Step("promote", 100, self._versions.edits(file, {stable: None, candidate: 100}))]

    def back(self, file: StackFile, stable: Named, candidate: Named, *, promoted: bool) -> list[Step]:  # noqa: ARG002 - the file says it
        listed = [named for named, _ in self._versions.listed(file)]
        without = Step("drop candidate", 0, self._versions.edits(file, {stable: 100, candidate: None}))
        if stable in listed and (candidate not in listed or listed.index(stable) < listed.index(candidate)):
            kept = {candidate: 0} if candidate in listed else {}
            return [Step("back to stable", 0, self._versions.edits(file, {stable: 100, **kept}), hurried=True), without]
        if candidate not in listed:
            raise DriverError(f"{self._key}: neither {stable} nor {candidate} is there any more; put stable back by hand")
        return [
            Step("stable anew", 100, self._versions.edits(file, {candidate: 100, stable: 0})),
            Step("back to stable", 0, self._versions.edits(file, {candidate: 0, stable: 100}), hurried=True),
            without,
        ]

    def refusals(self, config: StackConfig) -> list[str]:
        live, model = self._cluster.versions(), self._model(config)
        first = _rolled(model)[0]
        if live.on_knative:
            return [f"{self._key}: the model runs in Knative mode; deploy the move to Standard mode with {first.name} alone, first"]
        if not live.is_routed:
            return [f"{self._key}: no route leads to the model, so nothing can split its requests; deploy it with envoyGateway first"]
        if first.name not in live.running:
            return [f"{self._key}: {first.name} does not run yet; deploy it alone, with weight 100, before its candidate"]
        return refused(model, live)

    def is_taken(self, config: StackConfig) -> bool:
        live, model = self._cluster.versions(), self._model(config)
        return live.weights == _weights(model) or any(
            version.name in live.running and version.name not in live.weights for version in _rolled(model)
        )

    def unsettled(self, step: Step, config: StackConfig) -> str | None:
        live, model = self._cluster.versions(), self._model(config)
        weights = _weights(model)
        # A version without requests may be missing from the route: it is about to be removed.
        if _shares(live.weights) != _shares(weights) or (live.weights != weights and not step.hurried):
            return f"the route has the weights {_words(live.weights)}, not {_words(weights)}"
        if live.unaccepted:
            return live.unaccepted
        return None if step.hurried else next((unready for version in _rolled(model) if (unready := _unready(version, live))), None)

    def trouble(self, config: StackConfig) -> str | None:
        model = self._model(config)
        candidate = _rolled(model)[-1]
        return _unready(candidate, self._cluster.versions()) or crash(self._cluster.pods_of(_part(model, candidate).name))

    def summary(self) -> str:
        live = self._cluster.versions()
        shares = [
            f"{weight} % {live.running[name].content} ({name})" for name, weight in live.weights.items() if weight and name in live.running
        ]
        return "; ".join(shares) or "no version gets requests"

    def sides(self, config: StackConfig) -> Sides:
        model = self._model(config)
        *stable, candidate = [_side(_part(model, version)) for version in _rolled(model)]
        return Sides(candidate=candidate, stable=stable[0] if stable else None)

    @property
    def _key(self) -> str:
        return f"{'.'.join(self._versions.key)}.versions"

    def _model(self, config: StackConfig) -> Model:
        return Model(name=self._name, entry=config.models[self._name])


def _rolled(model: Model) -> list[Version]:
    """Return stable, and the candidate if there is one."""
    entry = model.entry
    taken = {*(entry.experiment.groups.values() if entry.experiment else ()), *([entry.shadow.version] if entry.shadow else [])}
    return [version for version in model.versions if version.name not in taken]


def _weights(model: Model) -> dict[str, int]:
    return {version.name: version.weight for version in model.versions}


def _shares(weights: Mapping[str, int]) -> dict[str, int]:
    return {name: weight for name, weight in weights.items() if weight}


def _words(weights: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {weight}" for name, weight in weights.items()) or "of no version"


def _unready(version: Version, live: Versions) -> str | None:
    running = live.running.get(version.name)
    if running is None or running.content != Content(*version.content):
        return f"{version.name} is not there"
    return None if running.ready == "True" else f"{version.name} is not ready: {running.reason or 'it has not said why'}"


def _part(model: Model, version: Version) -> Part:
    return next(part for part in model.parts if part.version == version)


def _side(part: Part) -> Side:
    return Side(part.name, f"http://{part.host}")
