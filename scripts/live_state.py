"""Which version of MNIST users get now, read from the cluster: KServe's description of it, and Knative's revisions."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.serving.modes import MODE
from scripts.errors import DriverError, reason
from stacks.platform import MODELS_NAMESPACE
from stacks.services import MNIST

SERVER = "kserve-container"
SOURCE = "internal.serving.kserve.io/storage-initializer-sourceuri"
OF_SERVICE = "serving.knative.dev/service"
Object = dict[str, Any]


@dataclass(frozen=True)
class Version:
    """What tells one version of a service from another. `image` None: whatever the runtime has."""

    model: str
    image: str | None = None

    def is_same(self, other: Version) -> bool:
        return self.model == other.model and (None in (self.image, other.image) or self.image == other.image)

    def __str__(self) -> str:
        return self.model if self.image is None else f"{self.model} on {self.image}"


@dataclass(frozen=True)
class Revision:
    """`ready` as Knative's condition: True, False or Unknown; `reason` is its message. `percent` of the requests."""

    name: str
    version: Version
    ready: str
    reason: str
    percent: int


@dataclass(frozen=True)
class Live:
    """`described`: the version in the InferenceService itself. `rolled_out`: had all requests last; `previous`: before that one.

    `newest_ready`: where the route's `latest` leads. `percent` None: no canary stands.
    """

    knative: bool
    described: Version
    percent: int | None
    revisions: tuple[Revision, ...] = ()
    rolled_out: Revision | None = None
    previous: Revision | None = None
    newest_ready: Revision | None = None

    def share(self, version: Version) -> int:
        """Percent of the requests that all revisions of a version get together."""
        return sum(revision.percent for revision in self.revisions if revision.version.is_same(version))

    def newest(self, version: Version) -> Revision | None:
        """Of the revisions of a version; Knative numbers them."""
        return max((revision for revision in self.revisions if revision.version.is_same(version)), key=lambda each: each.name, default=None)

    def beside(self, candidate: Version | None) -> Revision | None:
        """The revision that a percentage would leave the other requests to (kserve: ksvc_reconciler.go, PropagateStatus, v0.20.0).

        The one that had all of them; where that is the candidate itself, KServe goes back to the one before.
        """
        rolled_out = self.rolled_out
        if rolled_out and candidate and rolled_out == self.newest_ready and rolled_out.version.is_same(candidate):
            return self.previous
        return rolled_out


def read(service: Object, revisions: Sequence[Object]) -> Live:
    """`service`: the InferenceService; `revisions`: those of its predictor."""
    predictor = service["spec"]["predictor"]
    status = service.get("status", {}).get("components", {}).get("predictor", {})
    shares: dict[str, int] = {}
    for target in status.get("traffic") or []:
        name = target.get("revisionName", "")
        shares[name] = shares.get(name, 0) + (target.get("percent") or 0)
    found = {item["metadata"]["name"]: _revision(item, shares) for item in revisions}
    return Live(
        knative=service["metadata"].get("annotations", {}).get(MODE) == "Knative",
        described=Version(predictor["model"]["storageUri"], predictor["model"].get("image")),
        percent=predictor.get("canaryTrafficPercent"),
        revisions=tuple(found.values()),
        rolled_out=found.get(status.get("latestRolledoutRevision", "")),
        previous=found.get(status.get("previousRolledoutRevision", "")),
        newest_ready=found.get(status.get("latestReadyRevision", "")),
    )


def _revision(item: Object, shares: Mapping[str, int]) -> Revision:
    (server,) = [container for container in item["spec"]["containers"] if container["name"] == SERVER]
    conditions = item.get("status", {}).get("conditions", [])
    ready: Object = next((condition for condition in conditions if condition["type"] == "Ready"), {})
    name = item["metadata"]["name"]
    return Revision(
        name,
        Version(item["metadata"].get("annotations", {}).get(SOURCE, ""), server["image"]),
        ready.get("status", "Unknown"),
        f"{ready.get('reason', '')} {ready.get('message', '')}".strip(),
        shares.get(name, 0),
    )


def observe(environment: Mapping[str, str]) -> Live | None:
    """MNIST as it runs; None where it does not. Raises DriverError where the cluster does not answer."""
    service = get(environment, "inferenceservices.serving.kserve.io", MNIST)
    if service is None:
        return None
    revisions = get(environment, "revisions.serving.knative.dev", "--selector", f"{OF_SERVICE}={MNIST}-predictor")
    return read(service, revisions["items"] if revisions else [])


def get(environment: Mapping[str, str], *what: str) -> Object | None:
    """`kubectl get`; None for what is not there, its kind included."""
    command = ["kubectl", "--namespace", MODELS_NAMESPACE, "--request-timeout=10s", "get", *what, "--ignore-not-found", "--output", "json"]
    try:
        done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    except FileNotFoundError:
        raise DriverError("the cluster is asked with kubectl, which isn't on PATH") from None
    if done.returncode != 0:
        if "doesn't have a resource type" in done.stderr:
            return None
        raise DriverError(f"the cluster does not answer: {reason(done)}")
    found: Object | None = json.loads(done.stdout) if done.stdout.strip() else None
    return found
