"""Knative mode: KServe splits requests by a percentage between the newest revision and the one that had all requests.

components/serving/versions.py describes the sequence of versions, scripts/live_rules.py which changes must not be made when.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from components.serving.model import Model
from scripts.errors import DriverError
from scripts.live_rules import Wanted, refused, wanted
from scripts.live_state import Content, Live, Object
from scripts.mlops.delivery.plan import Named, Side, Sides, Standing, Step
from scripts.mlops.delivery.pods import crash
from scripts.mlops.delivery.stack_file import StackFile
from scripts.mlops.delivery.versions_file import VersionsFile
from stacks.config import StackConfig

MOST = 99
"""Highest percent at which a candidate is judged. At 100 KServe takes stable out of the route, and Knative its pods (last-pod retention
does not count for a revision without a route: serving:pkg/reconciler/autoscaling/kpa/scaler.go@knative-v1.21.1): nothing is left to compare
with, and going back would wait for a start."""


class Cluster(Protocol):
    """The questions that this strategy asks about the cluster that the stack runs in."""

    def observe(self) -> Live | None: ...

    def pods(self, revision: str) -> list[Object]: ...


class KnativeCanary:
    """`below`: the sections that this machine adds below those of the stack file."""

    def __init__(self, model: Model, cluster: Cluster, below: Mapping[str, Any]) -> None:
        self._model, self._cluster = model, cluster
        self._versions = VersionsFile(model.name, below, names_matter=False)
        self.resource = f"**kubernetes:serving.kserve.io/v1beta1:InferenceService::{model.name}"

    def standing(self, file: StackFile) -> Standing:
        match self._versions.listed(file):
            case [(stable, _)]:
                return Standing(stable)
            case [(stable, _), (candidate, weight)]:
                return Standing(stable, None if candidate == stable else candidate, weight)
        raise DriverError(f"{'.'.join(self._versions.key)}.versions: Knative splits requests between two, stable and its candidate")

    def forward(self, file: StackFile, stable: Named, candidate: Named, percents: Sequence[int]) -> list[Step]:
        judged = dict.fromkeys([0, *(min(percent, MOST) for percent in percents)])
        shared = [
            Step(
                f"{percent} %" if percent else "dark",
                percent,
                self._versions.edits(file, {stable: 100 - percent, candidate: percent}),
                watched=True,
            )
            for percent in judged
        ]
        return [*shared, Step("promote", 100, self._versions.edits(file, {stable: None, candidate: 100}))]

    def back(self, file: StackFile, stable: Named, candidate: Named, *, promoted: bool) -> list[Step]:
        alone = self._versions.edits(file, {stable: 100, candidate: None})
        if promoted:
            return [Step("stable again", 0, alone)]
        return [
            Step("back to stable", 0, self._versions.edits(file, {stable: 100, candidate: 0}), hurried=True),
            Step("stable anew", 0, self._versions.again(file, stable, candidate)),
            Step("drop candidate", 0, alone),
        ]

    def refusals(self, config: StackConfig) -> list[str]:
        return refused(self._model.name, self._wanted(config), self._cluster.observe())

    def is_taken(self, config: StackConfig) -> bool:
        live, change = self._cluster.observe(), self._wanted(config)
        return live is not None and live.percent == change.percent and live.described.is_same(change.candidate or change.stable)

    def unsettled(self, step: Step, config: StackConfig) -> str | None:
        live, change = self._live(), self._wanted(config)
        if live.percent != change.percent:
            return f"KServe has percent {live.percent}, not {change.percent}"
        if step.hurried and change.candidate:
            share = live.share(change.candidate)
            return f"{change.candidate} still gets {share} % of the requests" if share else None
        newest, described = live.newest_ready, change.candidate or change.stable
        if newest is None or not newest.content.is_same(described):
            return f"{described} is not ready"
        # While stable starts anew, users get what they got before.
        return None if change.candidate is None and change.percent is not None else _wrong_shares(live, change)

    def trouble(self, config: StackConfig) -> str | None:
        change = self._wanted(config)
        revision = self._live().newest(change.candidate or change.stable)
        if revision is None:
            return "it has no revision"
        if revision.ready == "False":
            return f"revision {revision.name} is not ready: {revision.reason}"
        return crash(self._cluster.pods(revision.name))

    def summary(self) -> str:
        live = self._cluster.observe()
        if live is None:
            return f"no {self._model.name}"
        return (
            "; ".join(f"{each.percent} % {each.content} ({each.name})" for each in live.revisions if each.percent)
            or "no version gets requests"
        )

    def sides(self, config: StackConfig) -> Sides:
        live, change = self._live(), self._wanted(config)
        newest, base = live.newest_ready, live.beside(change.candidate)
        return Sides(
            candidate=Side(newest.name if newest else "", self._tagged("latest")),
            stable=Side(base.name, self._tagged("prev")) if base and change.percent is not None else None,
        )

    def _live(self) -> Live:
        return self._cluster.observe() or Live(knative=True, described=Content(None), percent=None)

    def _wanted(self, config: StackConfig) -> Wanted:
        return wanted(Model(name=self._model.name, entry=config.models[self._model.name]), config)

    def _tagged(self, tag: str) -> str:
        return f"http://{tag}-{self._model.name}-predictor.{self._model.namespace}.svc.cluster.local"


def _wrong_shares(live: Live, change: Wanted) -> str | None:
    percent = change.percent or 0
    shares = {change.candidate: percent, change.stable: 100 - percent} if change.candidate else {change.stable: 100}
    holder = change.candidate if change.candidate and percent == 100 else change.stable
    for version, share in shares.items():
        if live.share(version) != share:
            return f"{version} gets {live.share(version)} % of the requests, not {share}"
    if live.rolled_out is None or not live.rolled_out.content.is_same(holder):
        return f"KServe does not hold {holder} for the version that had all requests"
    return None
