"""KServe and Knative as far as a canary goes: the same objects, the same memory of the version that had all requests.

Follows kserve:pkg/controller/v1beta1/inferenceservice/reconcilers/knative/ksvc_reconciler.go (createKnativeService) and
pkg/apis/serving/v1beta1/inference_service_status.go (PropagateStatus), v0.20.0, and Knative's rule that a route's `latest` is the
newest revision that is ready.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from components.serving.modes import MODE
from scripts.live_rules import Wanted
from scripts.live_state import SERVER, SOURCE, Content, Live, read


@dataclass
class FakeRevision:
    name: str
    content: Content
    ready: bool = False
    restarts: int = 0

    def object(self) -> dict[str, Any]:
        condition = {"type": "Ready", "status": "True"} if self.ready else {"type": "Ready", "status": "Unknown", "reason": "Deploying"}
        return {
            "metadata": {"name": self.name, "annotations": {SOURCE: self.content.source}},
            "spec": {"containers": [{"name": SERVER, "image": self.content.image}]},
            "status": {"conditions": [condition]},
        }


@dataclass
class FakeKServe:
    """`server`: the image of the runtime. `unready`: sources whose pods never become ready."""

    name: str = "digits"
    server: str = "server:1"
    unready: set[str | None] = field(default_factory=set)
    described: Content | None = None
    override: str | None = None
    percent: int | None = None
    mode: str = "Knative"
    revisions: list[FakeRevision] = field(default_factory=list)
    rolled_out: str = ""
    previous: str = ""
    newest_ready: str = ""
    traffic: list[dict[str, Any]] = field(default_factory=list)

    def apply(self, change: Wanted) -> None:
        """An update of the InferenceService; what comes of it takes some `step`s."""
        content = change.candidate or change.stable
        if content != self.described:
            self.described = content
            self.revisions.append(FakeRevision(f"{self.name}-predictor-{len(self.revisions) + 1:05}", content))
        self.percent = change.percent

    def settle(self) -> None:
        for _ in range(4):
            self.step()

    def step(self) -> None:
        """One round: pods, then the route that was asked for, then what KServe remembers of it."""
        if self.described is None:
            return
        newest = self.revisions[-1]
        wanted = self._wanted_traffic()
        if self.traffic and newest.content.source not in self.unready:
            newest.ready = True
            self.newest_ready = newest.name
        if not self.newest_ready and newest.content.source not in self.unready:
            newest.ready, self.newest_ready = True, newest.name
        self.traffic = [{**target, "revisionName": target.get("revisionName", self.newest_ready)} for target in wanted]
        self._remember(newest.name)

    def _wanted_traffic(self) -> list[dict[str, Any]]:
        if self.percent is None or not self.rolled_out:
            return [{"latestRevision": True, "percent": 100, "tag": "latest"}]
        latest = {"latestRevision": True, "percent": self.percent, "tag": "latest"}
        other = {"latestRevision": False, "percent": 100 - self.percent, "tag": "prev", "revisionName": self.rolled_out}
        return [latest, other] if self.percent < 100 else [latest]

    def _remember(self, created: str) -> None:
        shares = {name: self.users_of(name) for name in {target["revisionName"] for target in self.traffic}}
        for target in self.traffic:
            if target["revisionName"] != self.newest_ready or not target["latestRevision"]:
                continue
            if self.rolled_out != self.newest_ready:
                if target["percent"] == 100:
                    self.previous, self.rolled_out = self.rolled_out, self.newest_ready
            elif self.newest_ready == created and target["percent"] < 100 and shares[self.newest_ready] == 100 and self.previous:
                self.rolled_out = self.previous

    def users_of(self, revision: str) -> int:
        return sum(target["percent"] for target in self.traffic if target["revisionName"] == revision)

    def users(self) -> dict[str, int]:
        """Return the percent of the requests by source and server."""
        shares: dict[str, int] = {}
        for revision in self.revisions:
            if share := self.users_of(revision.name):
                shares[str(revision.content)] = shares.get(str(revision.content), 0) + share
        return shares

    def service(self) -> dict[str, Any]:
        assert self.described is not None
        model = {"storageUri": self.described.source} | ({"image": self.described.image} if self.described.image != self.server else {})
        percent = {} if self.percent is None else {"canaryTrafficPercent": self.percent}
        status = {
            "latestRolledoutRevision": self.rolled_out,
            "previousRolledoutRevision": self.previous,
            "latestReadyRevision": self.newest_ready,
            "latestCreatedRevision": self.revisions[-1].name,
            "traffic": self.traffic,
        }
        return {
            "metadata": {"name": self.name, "annotations": {MODE: self.mode}},
            "spec": {"predictor": {**percent, "model": model}},
            "status": {"components": {"predictor": {key: value for key, value in status.items() if value}}},
        }

    def observe(self) -> Live | None:
        if self.described is None:
            return None
        return read(self.service(), [revision.object() for revision in self.revisions] if self.mode == "Knative" else [])

    def pods(self, revision: str) -> list[dict[str, Any]]:
        (found,) = [each for each in self.revisions if each.name == revision]
        states = [
            {"name": SERVER, "restartCount": found.restarts, "lastState": {"terminated": {"exitCode": 3}} if found.restarts else {}},
            {"name": "queue-proxy", "restartCount": 0},
        ]
        return [{"metadata": {"name": f"{revision}-deployment-1"}, "status": {"containerStatuses": states}}]
