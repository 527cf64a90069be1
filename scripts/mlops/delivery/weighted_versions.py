"""SmolLM's way: each version is an InferenceService of its own, and the weights of one route split the requests. No pod restarts for one.

The candidate is the version after stable in the list. At 100 % stable still runs, and is an update of the route away, until the promotion
takes it out of the list; a version that is gone is started again behind the one that users have, and so comes after it in the list.
Versions that an experiment or a shadow names belong to somebody else and stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from components.serving.route_rules import part_name
from scripts.errors import DriverError
from scripts.live_state import Object, Version
from scripts.live_versions import Versions, refused
from scripts.mlops.delivery.plan import Named, Side, Sides, Standing, Step
from scripts.mlops.delivery.pods import crash
from scripts.mlops.delivery.stack_file import Edits, Key, StackFile
from scripts.mlops.smollm_requests import PATH
from stacks.config import StackConfig
from stacks.config.services import SmollmConfig, VersionConfig
from stacks.platform import MODELS_NAMESPACE
from stacks.services import SMOLLM

SMOLLM_KEY: Key = ("services", "smollm")
VERSIONS: Key = (*SMOLLM_KEY, "versions")
Entry = dict[str, Any]
"""A version as a stack file has it."""


class Cluster(Protocol):
    """What this strategy asks of the cluster that the stack runs in."""

    def versions(self) -> Versions: ...

    def pods_of(self, inference_service: str) -> list[Object]: ...


class WeightedVersions:
    """`below`: the sections that count on this machine where the stack file says nothing."""

    service = "smollm"
    resource = f"**kubernetes:gateway.networking.k8s.io/v1:HTTPRoute::{SMOLLM}"

    def __init__(self, cluster: Cluster, below: Mapping[str, Any]) -> None:
        self._cluster = cluster
        self._below: list[Entry] | None = below.get("services", {}).get("smollm", {}).get("versions")

    def standing(self, file: StackFile) -> Standing:
        match [entry for entry in self._entries(file) if entry["name"] not in _taken(file)]:
            case [stable]:
                return Standing(_named(stable))
            case [stable, candidate]:
                return Standing(_named(stable), _named(candidate), candidate["weight"])
        raise DriverError("services.smollm.versions: a rollout wants one version, or stable and then its candidate, beside those of others")

    def forward(self, file: StackFile, stable: Named, candidate: Named, percents: Sequence[int]) -> list[Step]:
        # The last share is always all of them: who is taken out of the list has no requests.
        shared = [
            Step(
                f"{percent} %" if percent else "dark",
                percent,
                self._edits(file, {stable: 100 - percent, candidate: percent}),
                watched=True,
            )
            for percent in dict.fromkeys([0, *percents, 100])
        ]
        return [*shared, Step("promote", 100, self._edits(file, {stable: None, candidate: 100}))]

    def back(self, file: StackFile, stable: Named, candidate: Named, *, promoted: bool) -> list[Step]:  # noqa: ARG002 - the file says it
        listed = [_named(entry) for entry in self._entries(file)]
        without = Step("drop candidate", 0, self._edits(file, {stable: 100, candidate: None}))
        if stable in listed and (candidate not in listed or listed.index(stable) < listed.index(candidate)):
            kept = {candidate: 0} if candidate in listed else {}
            return [Step("back to stable", 0, self._edits(file, {stable: 100, **kept}), hurried=True), without]
        if candidate not in listed:
            raise DriverError(f"services.smollm.versions: neither {stable} nor {candidate} is there any more; put stable back by hand")
        return [
            Step("stable anew", 100, self._edits(file, {candidate: 100, stable: 0})),
            Step("back to stable", 0, self._edits(file, {candidate: 0, stable: 100}), hurried=True),
            without,
        ]

    def refusals(self, config: StackConfig) -> list[str]:
        live, first = self._cluster.versions(), _rolled(config)[0]
        if first.name not in live.running:
            return [f"services.smollm.versions: {first.name} does not run yet; deploy it alone, with weight 100, before its candidate"]
        return refused(config, live)

    def is_taken(self, config: StackConfig) -> bool:
        live = self._cluster.versions()
        return live.weights == _weights(config) or any(
            version.name in live.running and version.name not in live.weights for version in _rolled(config)
        )

    def unsettled(self, step: Step, config: StackConfig) -> str | None:
        live, weights = self._cluster.versions(), _weights(config)
        # A version that gets nothing may be missing there: it is what is to go.
        if _shares(live.weights) != _shares(weights) or (live.weights != weights and not step.hurried):
            return f"the route has the weights {_words(live.weights)}, not {_words(weights)}"
        if live.unaccepted:
            return live.unaccepted
        return None if step.hurried else next((unready for version in _rolled(config) if (unready := _unready(version, live))), None)

    def trouble(self, config: StackConfig) -> str | None:
        candidate = _rolled(config)[-1]
        return _unready(candidate, self._cluster.versions()) or crash(self._cluster.pods_of(part_name(SMOLLM, candidate.name)))

    def summary(self) -> str:
        live = self._cluster.versions()
        shares = [
            f"{weight} % {live.running[name].version} ({name})" for name, weight in live.weights.items() if weight and name in live.running
        ]
        return "; ".join(shares) or "nobody is served"

    def sides(self, config: StackConfig) -> Sides:
        *stable, candidate = [_side(version.name) for version in _rolled(config)]
        return Sides(candidate=candidate, stable=stable[0] if stable else None)

    def _entries(self, file: StackFile) -> list[Entry]:
        found: list[Entry] | None = file.value(VERSIONS) or self._below
        if not found:
            raise DriverError(f"{file.path.name} has no services.smollm: there is nothing to roll out beside")
        return found

    def _edits(self, file: StackFile, shares: Mapping[Named, int | None]) -> Edits:
        """The list with these weights, in its own order and new ones at its end; None takes out."""
        found = self._entries(file)
        entries = {_named(entry): entry for entry in found}
        for named in shares:
            if named in entries and entries[named]["name"] in _taken(file):
                raise DriverError(
                    f"services.smollm: {named} is {entries[named]['name']}, which an experiment or a shadow has; take it out there"
                )
            entries.setdefault(named, _entry(named, [entry["name"] for entry in entries.values()]))
        weights = {named: shares.get(named, entry["weight"]) for named, entry in entries.items()}
        result = [{**entry, "weight": weights[named]} for named, entry in entries.items() if weights[named] is not None]
        return {VERSIONS: None if result == self._below else result}


def _named(entry: Entry) -> Named:
    return Named(entry["model"], entry.get("image"), entry["name"])


def _entry(named: Named, names: Sequence[str]) -> Entry:
    """Under the name it had, or else the next number."""
    numbers = [int(found[1]) for name in names if (found := re.fullmatch(r"v(\d+)", name))]
    name = named.name if named.name and named.name not in names else f"v{max(numbers, default=0) + 1}"
    return {"name": name, "model": named.model, **({"image": named.image} if named.image else {}), "weight": 0}


def _taken(file: StackFile) -> set[str]:
    """The versions that belong to an experiment or a shadow."""
    groups: Mapping[str, str] = file.value((*SMOLLM_KEY, "experiment", "groups")) or {}
    shadow: str | None = file.value((*SMOLLM_KEY, "shadow", "version"))
    return {*groups.values(), *([shadow] if shadow else [])}


def _smollm(config: StackConfig) -> SmollmConfig:
    if config.services.smollm is None:
        raise ValueError("services.smollm is not configured")
    return config.services.smollm


def _rolled(config: StackConfig) -> list[VersionConfig]:
    """Stable, and the candidate where there is one."""
    smollm = _smollm(config)
    taken = {*(smollm.experiment.groups.values() if smollm.experiment else ()), *([smollm.shadow.version] if smollm.shadow else [])}
    return [version for version in smollm.versions if version.name not in taken]


def _weights(config: StackConfig) -> dict[str, int]:
    return {version.name: version.weight for version in _smollm(config).versions}


def _shares(weights: Mapping[str, int]) -> dict[str, int]:
    return {name: weight for name, weight in weights.items() if weight}


def _words(weights: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {weight}" for name, weight in weights.items()) or "of nobody"


def _unready(version: VersionConfig, live: Versions) -> str | None:
    running = live.running.get(version.name)
    if running is None or running.version != Version(version.model, version.image):
        return f"{version.name} is not there"
    return None if running.ready == "True" else f"{version.name} is not ready: {running.reason or 'it has not said why'}"


def _side(name: str) -> Side:
    part = part_name(SMOLLM, name)
    return Side(part, f"http://{part}-predictor.{MODELS_NAMESPACE}.svc.cluster.local{PATH}")
