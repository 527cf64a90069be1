"""Reads which version of a model in Knative mode users get now: KServe's description of it, and Knative's revisions."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.serving.inference_service import OWN_IMAGE
from components.serving.model import Model
from components.serving.modes import MODE
from scripts.errors import DriverError, reason

SERVER = "kserve-container"
SOURCE = "internal.serving.kserve.io/storage-initializer-sourceuri"
OF_SERVICE = "serving.knative.dev/service"
Object = dict[str, Any]


@dataclass(frozen=True)
class Content:
    """Identity of a model's version: its files and its server. `image` None: the image of the model's runtime."""

    source: str | None
    image: str | None = None

    def is_same(self, other: Content) -> bool:
        return self.source == other.source and (None in (self.image, other.image) or self.image == other.image)

    def __str__(self) -> str:
        return " on ".join(part for part in (self.source, self.image) if part) or "the server's own image"

    def told_beside(self, other: Content) -> str:
        """Return a short name that differs from the other version's."""
        return self.source if self.source and self.source != other.source else str(self)


@dataclass(frozen=True)
class Revision:
    """`ready` is Knative's condition: True, False or Unknown; `reason` its message. `percent`: its share of the requests."""

    name: str
    content: Content
    ready: str
    reason: str
    percent: int


@dataclass(frozen=True)
class Live:
    """`described`: the version in the InferenceService itself. `rolled_out` had all requests last, `previous` had them before that one.

    `newest_ready`: the revision to which the route's `latest` leads. `percent` None: there is no candidate.
    """

    knative: bool
    described: Content
    percent: int | None
    revisions: tuple[Revision, ...] = ()
    rolled_out: Revision | None = None
    previous: Revision | None = None
    newest_ready: Revision | None = None

    def share(self, content: Content) -> int:
        """Return the percent of the requests that all revisions of a version get together."""
        return sum(revision.percent for revision in self.revisions if revision.content.is_same(content))

    def newest(self, content: Content) -> Revision | None:
        """Return the newest revision of a version; Knative numbers them."""
        return max((revision for revision in self.revisions if revision.content.is_same(content)), key=lambda each: each.name, default=None)

    def beside(self, candidate: Content | None) -> Revision | None:
        """Return the revision that gets all requests but the candidate's (kserve: ksvc_reconciler.go, PropagateStatus, v0.20.0).

        It is the one that had all of them; where that is the candidate itself, KServe goes back to the one before.
        """
        rolled_out = self.rolled_out
        if rolled_out and candidate and rolled_out == self.newest_ready and rolled_out.content.is_same(candidate):
            return self.previous
        return rolled_out


def read(service: Object, revisions: Sequence[Object]) -> Live:
    """Build the state from the InferenceService and the revisions of its predictor."""
    predictor = service["spec"]["predictor"]
    status = service.get("status", {}).get("components", {}).get("predictor", {})
    shares: dict[str, int] = {}
    for target in status.get("traffic") or []:
        name = target.get("revisionName", "")
        shares[name] = shares.get(name, 0) + (target.get("percent") or 0)
    found = {item["metadata"]["name"]: _revision(item, shares) for item in revisions}
    return Live(
        knative=is_on_knative(service),
        described=described(service),
        percent=predictor.get("canaryTrafficPercent"),
        revisions=tuple(found.values()),
        rolled_out=found.get(status.get("latestRolledoutRevision", "")),
        previous=found.get(status.get("previousRolledoutRevision", "")),
        newest_ready=found.get(status.get("latestReadyRevision", "")),
    )


def is_on_knative(service: Object) -> bool:
    return bool(service["metadata"].get("annotations", {}).get(MODE) == "Knative")


def described(service: Object) -> Content:
    """Return the version that an InferenceService describes. `image` is None for the model's own."""
    model = service["spec"]["predictor"].get("model")
    if model is None:
        return Content(None, service["metadata"].get("annotations", {}).get(OWN_IMAGE))
    return Content(model.get("storageUri"), model.get("image"))


def _revision(item: Object, shares: Mapping[str, int]) -> Revision:
    (server,) = [container for container in item["spec"]["containers"] if container["name"] == SERVER]
    conditions = item.get("status", {}).get("conditions", [])
    ready: Object = next((condition for condition in conditions if condition["type"] == "Ready"), {})
    name = item["metadata"]["name"]
    return Revision(
        name,
        Content(item["metadata"].get("annotations", {}).get(SOURCE), server["image"]),
        ready.get("status", "Unknown"),
        f"{ready.get('reason', '')} {ready.get('message', '')}".strip(),
        shares.get(name, 0),
    )


def observe(environment: Mapping[str, str], model: Model) -> Live | None:
    """Return the running model, or None if it does not run. Raises DriverError if the cluster does not answer."""
    service = get(environment, model.namespace, "inferenceservices.serving.kserve.io", model.name)
    if service is None:
        return None
    selector = f"{OF_SERVICE}={model.name}-predictor"
    revisions = get(environment, model.namespace, "revisions.serving.knative.dev", "--selector", selector)
    return read(service, revisions["items"] if revisions else [])


def get(environment: Mapping[str, str], namespace: str | None, *what: str) -> Object | None:
    """Run `kubectl get`. Return None if the object does not exist, or if the cluster does not know its kind.

    `namespace` is None for a cluster-wide object.
    """
    where = ["--namespace", namespace] if namespace else []
    command = ["kubectl", *where, "--request-timeout=10s", "get", *what, "--ignore-not-found", "--output", "json"]
    try:
        done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    except FileNotFoundError:
        raise DriverError("kubectl, which asks the cluster, isn't on PATH") from None
    if done.returncode != 0:
        if "doesn't have a resource type" in done.stderr:
            return None
        raise DriverError(f"the cluster does not answer: {reason(done)}")
    found: Object | None = json.loads(done.stdout) if done.stdout.strip() else None
    return found
