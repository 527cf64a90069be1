"""SmolLM's versions as they run: an InferenceService for each, and the weights of their route; and what must not be done to them now.

The program never leads anybody to a version that has not answered. It does not see what a change takes away from those that run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.in_cluster.route_check import problems
from components.serving.route_rules import part_name
from scripts.live_state import Object, Version, get
from stacks.config import StackConfig
from stacks.services import SMOLLM

PREDICTOR = "-predictor"


@dataclass(frozen=True)
class Running:
    """One version's InferenceService. `ready` as its condition: True, False or Unknown; `reason` says more."""

    version: Version
    ready: str
    reason: str = ""


@dataclass(frozen=True)
class Versions:
    """By the versions' names. `weights`: what the route gives to whom who sends no group's header; `unaccepted`: why not yet."""

    running: Mapping[str, Running]
    weights: Mapping[str, int]
    unaccepted: str | None = None


def observe(environment: Mapping[str, str]) -> Versions:
    """Raises DriverError where the cluster does not answer."""
    services = get(environment, "inferenceservices.serving.kserve.io", "--selector", f"app.kubernetes.io/name={SMOLLM}")
    return read(services["items"] if services else [], get(environment, "httproutes.gateway.networking.k8s.io", SMOLLM))


def read(services: Sequence[Object], route: Object | None) -> Versions:
    running = {_version(service["metadata"]["name"]): _running(service) for service in services}
    if route is None:
        return Versions(running, {}, "there is no route")
    return Versions(running, _weights(route), _unaccepted(route))


def refusals(config: StackConfig, environment: Mapping[str, str]) -> list[str]:
    """What `make preview` and the rollout refuse now, each with the key it is about. Raises DriverError as `observe`."""
    return refused(config, observe(environment)) if config.services.smollm else []


def refused(config: StackConfig, live: Versions) -> list[str]:
    """Why this change must not be made now, and what to do instead."""
    versions = config.services.smollm.versions if config.services.smollm else []
    reasons = [
        f"services.smollm.versions: {name} gets {weight} % of the requests; give it weight 0 first, and leave it out in the next update"
        for name, weight in live.weights.items()
        if weight and name not in {version.name for version in versions}
    ]
    for index, version in enumerate(versions):
        runs = live.running.get(version.name)
        if runs and live.weights.get(version.name) and runs.version != Version(version.model, version.image):
            reasons.append(
                f"services.smollm.versions[{index}]: {version.name} gets {live.weights[version.name]} % of the requests as {runs.version}, "
                "and would restart in its place; add what is new as a version of its own, with weight 0"
            )
    return reasons


def _version(part: str) -> str:
    return part.removesuffix(PREDICTOR).removeprefix(part_name(SMOLLM, ""))


def _running(service: Object) -> Running:
    model, status = service["spec"]["predictor"]["model"], service.get("status", {})
    version = Version(model["storageUri"], model.get("image"))
    generation = service["metadata"].get("generation", 0)
    if status.get("observedGeneration", generation) < generation:
        return Running(version, "Unknown", "KServe has not seen it as it is")
    condition: dict[str, Any] = next((each for each in status.get("conditions", []) if each["type"] == "Ready"), {})
    reason = f"{condition.get('reason', '')} {condition.get('message', '')}".strip()
    return Running(version, condition.get("status", "Unknown"), reason)


def _weights(route: Object) -> dict[str, int]:
    """Of the rule for everybody: those before it are an experiment's."""
    return {_version(backend["name"]): backend.get("weight", 1) for backend in route["spec"]["rules"][-1]["backendRefs"]}


def _unaccepted(route: Object) -> str | None:
    parents = route.get("status", {}).get("parents", [])
    if len(parents) < len(route["spec"]["parentRefs"]):
        return "no gateway has taken the route yet"
    found = [problem for parent in parents for problem in problems(parent, route["metadata"]["generation"])]
    return found[0] if found else None
