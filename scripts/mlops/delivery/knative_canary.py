"""MNIST's way: KServe splits by a percentage between the newest revision and the one that had all requests.

Which keys say what: components/serving/rollout.py. What must not be done when: scripts/live_rules.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from scripts.live_rules import Wanted, refused, wanted
from scripts.live_state import Live, Object, Version
from scripts.mlops.delivery.plan import Named, Side, Sides, Standing, Step
from scripts.mlops.delivery.pods import crash
from scripts.mlops.delivery.stack_file import Edits, Key, StackFile
from stacks.config import StackConfig
from stacks.platform import MODELS_NAMESPACE
from stacks.services import MNIST

MODEL: Key = ("services", "mnist", "model")
CANARY: Key = ("services", "mnist", "canary")
IMAGE: Key = ("images", "mnist")
MOST = 99
"""Percent that a candidate is judged at. At 100 KServe takes stable out of the route, and Knative its pods (their last-pod retention
does not count for a revision without a route: serving:pkg/reconciler/autoscaling/kpa/scaler.go@knative-v1.21.1): nothing is left to compare
with, and the way back waits for a start."""
PREDICT = f"/v1/models/{MNIST}:predict"


class Cluster(Protocol):
    """What this strategy asks of the cluster that the stack runs in."""

    def observe(self) -> Live | None: ...

    def pods(self, revision: str) -> list[Object]: ...


class KnativeCanary:
    service = "mnist"
    resource = f"**kubernetes:serving.kserve.io/v1beta1:InferenceService::{MNIST}"

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def standing(self, file: StackFile) -> Standing:
        stable = Named(file.value(MODEL), file.value(IMAGE))
        canary = file.value(CANARY)
        if canary is None:
            return Standing(stable)
        named = "model" in canary or "image" in canary
        candidate = Named(canary.get("model", stable.model), canary.get("image")) if named else None
        return Standing(stable, candidate, canary["percent"])

    def forward(self, file: StackFile, stable: Named, candidate: Named, percents: Sequence[int]) -> list[Step]:  # noqa: ARG002
        judged = dict.fromkeys([0, *(min(percent, MOST) for percent in percents)])
        shared = [
            Step(f"{percent} %" if percent else "dark", percent, {CANARY: _canary(stable, candidate, percent)}, watched=True)
            for percent in judged
        ]
        server: Edits = {IMAGE: candidate.image} if candidate.image else {}
        return [*shared, Step("promote", 100, {MODEL: candidate.model, **server, CANARY: None})]

    def back(self, file: StackFile, stable: Named, candidate: Named, *, promoted: bool) -> list[Step]:  # noqa: ARG002
        # Also the keys of a promotion, which may be what is undone.
        as_it_was: Edits = {MODEL: stable.model, **({IMAGE: stable.image} if candidate.image else {})}
        if promoted:
            return [Step("stable again", 0, {**as_it_was, CANARY: None})]
        return [
            Step("back to stable", 0, {**as_it_was, CANARY: _canary(stable, candidate, 0)}, hurried=True),
            Step("stable anew", 0, {**as_it_was, CANARY: {"percent": 0}}),
            Step("drop canary", 0, {**as_it_was, CANARY: None}),
        ]

    def refusals(self, config: StackConfig) -> list[str]:
        return [f"services.mnist.{text}" for text in refused(_wanted(config), self._cluster.observe())]

    def is_taken(self, config: StackConfig) -> bool:
        live, change = self._cluster.observe(), _wanted(config)
        return live is not None and live.percent == change.percent and live.described.is_same(change.candidate or change.stable)

    def unsettled(self, step: Step, config: StackConfig) -> str | None:
        live, change = self._live(), _wanted(config)
        if live.percent != change.percent:
            return f"KServe has percent {live.percent}, not {change.percent}"
        if step.hurried and change.candidate:
            share = live.share(change.candidate)
            return f"{change.candidate} still gets {share} % of the requests" if share else None
        newest, described = live.newest_ready, change.candidate or change.stable
        if newest is None or not newest.version.is_same(described):
            return f"{described} is not ready"
        # While stable starts anew, users get what they got before.
        return None if change.candidate is None and change.percent is not None else _wrong_shares(live, change)

    def trouble(self, config: StackConfig) -> str | None:
        change = _wanted(config)
        revision = self._live().newest(change.candidate or change.stable)
        if revision is None:
            return "it has no revision"
        if revision.ready == "False":
            return f"revision {revision.name} is not ready: {revision.reason}"
        return crash(self._cluster.pods(revision.name))

    def summary(self) -> str:
        live = self._cluster.observe()
        if live is None:
            return f"no {MNIST}"
        return "; ".join(f"{each.percent} % {each.version} ({each.name})" for each in live.revisions if each.percent) or "nobody is served"

    def sides(self, config: StackConfig) -> Sides:
        live, change = self._live(), _wanted(config)
        newest, base = live.newest_ready, live.beside(change.candidate)
        return Sides(
            candidate=Side(newest.name if newest else "", _tagged("latest")),
            stable=Side(base.name, _tagged("prev")) if base and change.percent is not None else None,
        )

    def _live(self) -> Live:
        return self._cluster.observe() or Live(knative=True, described=Version(""), percent=None)


def _canary(stable: Named, candidate: Named, percent: int) -> dict[str, object]:
    model = {} if candidate.model == stable.model else {"model": candidate.model}
    image = {"image": candidate.image} if candidate.image else {}
    return {**model, **image, "percent": percent}


def _wanted(config: StackConfig) -> Wanted:
    change = wanted(config)
    if change is None:
        raise ValueError("services.mnist is not configured")
    return change


def _wrong_shares(live: Live, change: Wanted) -> str | None:
    percent = change.percent or 0
    shares = {change.candidate: percent, change.stable: 100 - percent} if change.candidate else {change.stable: 100}
    holder = change.candidate if change.candidate and percent == 100 else change.stable
    for version, share in shares.items():
        if live.share(version) != share:
            return f"{version} gets {live.share(version)} % of the requests, not {share}"
    if live.rolled_out is None or not live.rolled_out.version.is_same(holder):
        return f"KServe does not hold {holder} for the version that had all requests"
    return None


def _tagged(tag: str) -> str:
    return f"http://{tag}-{MNIST}-predictor.{MODELS_NAMESPACE}.svc.cluster.local{PREDICT}"
