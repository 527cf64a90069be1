"""Reads the running versions of a model in Standard mode, and refuses changes that would hurt users now.

Each version is an InferenceService; a route has the weights. The program never leads users to a version that has not answered. It does
not see that a change would remove or restart a version that has users.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.in_cluster.route_check import problems
from components.serving.model import Model
from components.serving.versions import FIRST, part_name
from scripts.live_state import Content, Object, described, get, is_on_knative

PREDICTOR = "-predictor"


@dataclass(frozen=True)
class Running:
    """The InferenceService of one version. `ready` is its condition: True, False or Unknown; `reason` is the condition's message."""

    content: Content
    ready: str
    reason: str = ""
    on_knative: bool = False


@dataclass(frozen=True)
class Versions:
    """`running`: InferenceServices by the versions' names. `weights`: shares of the requests without an experiment's header, by version.

    `unaccepted`: why the gateway does not follow the route yet. `is_routed`: a route exists.
    """

    running: Mapping[str, Running]
    weights: Mapping[str, int]
    unaccepted: str | None = None
    is_routed: bool = True

    @property
    def on_knative(self) -> bool:
        return any(running.on_knative for running in self.running.values())


def observe(environment: Mapping[str, str], model: Model) -> Versions:
    """Raises DriverError if the cluster does not answer."""
    selector = f"app.kubernetes.io/name={model.name}"
    services = get(environment, model.namespace, "inferenceservices.serving.kserve.io", "--selector", selector)
    route = get(environment, model.namespace, "httproutes.gateway.networking.k8s.io", model.name)
    return read(model.name, services["items"] if services else [], route)


def read(model: str, services: Sequence[Object], route: Object | None) -> Versions:
    running = {_version(model, service["metadata"]["name"]): _running(service) for service in services}
    if route is None:
        # A plain Service leads to the version with the model's own name.
        return Versions(running, {FIRST: 100} if FIRST in running else {}, "there is no route", is_routed=False)
    return Versions(running, _weights(model, route), _unaccepted(route))


def refused(model: Model, live: Versions) -> list[str]:
    """Return why this change must not be made now, and what to do instead; nothing if it is allowed."""
    wanted = {version.name: version for version in model.versions}
    key = f"models.{model.name}.versions"
    reasons = [
        f"{key}: {name} gets {weight} % of the requests; give it weight 0 first, and remove it in the next update"
        for name, weight in live.weights.items()
        if weight and name not in wanted
    ]
    for index, version in enumerate(model.versions):
        runs, weight = live.running.get(version.name), live.weights.get(version.name)
        if runs and weight and runs.content != Content(*version.content) and _restarts(model):
            reasons.append(
                f"{key}[{index}]: {version.name} gets {weight} % of the requests as {runs.content}, and would restart in its place; "
                "add the change as a new version, with weight 0"
            )
    return reasons


def _restarts(model: Model) -> bool:
    """A pod with a GPU ends before the new one starts. Without GPUs a version alone may be replaced: its new pods are ready first."""
    return model.entry.server.gpu_count > 0 or len(model.versions) > 1


def _version(model: str, part: str) -> str:
    return FIRST if part == model else part.removeprefix(part_name(model, ""))


def _running(service: Object) -> Running:
    status, on_knative = service.get("status", {}), is_on_knative(service)
    generation = service["metadata"].get("generation", 0)
    if status.get("observedGeneration", generation) < generation:
        return Running(described(service), "Unknown", "KServe has not processed its latest change", on_knative)
    condition: dict[str, Any] = next((each for each in status.get("conditions", []) if each["type"] == "Ready"), {})
    reason = f"{condition.get('reason', '')} {condition.get('message', '')}".strip()
    return Running(described(service), condition.get("status", "Unknown"), reason, on_knative)


def _weights(model: str, route: Object) -> dict[str, int]:
    """Read the rule for all requests; the rules before it are an experiment's."""
    parts = {
        backend["name"].removesuffix(PREDICTOR): backend.get("weight", 1)
        for backend in route["spec"]["rules"][-1]["backendRefs"]
        if backend["name"].endswith(PREDICTOR)  # a backend other than Knative's ingress
    }
    return {_version(model, part): weight for part, weight in parts.items()}


def _unaccepted(route: Object) -> str | None:
    parents = route.get("status", {}).get("parents", [])
    if len(parents) < len(route["spec"]["parentRefs"]):
        return "no gateway has taken the route yet"
    found = [problem for parent in parents for problem in problems(parent, route["metadata"]["generation"])]
    return found[0] if found else None
