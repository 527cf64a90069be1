"""Changes of a canary that would hurt users now. The program sees what is wanted, not what runs; this sees both.

KServe keeps one description of a service, and the name of the revision that had all requests; a percentage splits between that one and
the newest. So the same stack file is right or wrong by what runs (components/serving/rollout.py says which steps there are).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scripts.live_state import Live, Version, observe
from stacks.config import StackConfig


@dataclass(frozen=True)
class Wanted:
    """What the stack file says. `percent` None: no canary; `candidate` None beside a percentage: a canary that is being removed."""

    stable: Version
    candidate: Version | None = None
    percent: int | None = None
    on_requests: bool = True


def wanted(config: StackConfig) -> Wanted | None:
    mnist = config.services.mnist
    if mnist is None:
        return None
    stable, canary = Version(mnist.model, config.images.mnist), mnist.canary
    candidate = None
    if canary and (canary.model or canary.image):
        candidate = Version(canary.model or stable.model, canary.image or stable.image)
    return Wanted(stable, candidate, canary.percent if canary else None, mnist.on_knative)


def refusals(config: StackConfig, environment: Mapping[str, str]) -> list[str]:
    """What `make preview` and the rollout refuse now, each with the key it is about. Raises DriverError as `observe`."""
    change = wanted(config)
    return [f"services.mnist.{text}" for text in refused(change, observe(environment))] if change else []


def refused(change: Wanted, live: Live | None) -> list[str]:
    """Why this change must not be made now, and what to do instead; empty: nothing speaks against it."""
    if live is None or not live.knative or live.rolled_out is None:
        return _without_splitting(change, live)
    if not change.on_requests:
        return []  # the move to Standard replaces the whole object
    return _dropped(change, live) if change.percent is None else _split(change, live, change.percent)


def _without_splitting(change: Wanted, live: Live | None) -> list[str]:
    if change.percent is None:
        return []
    if live and not live.knative:
        return [
            "canary: the service runs in Standard mode, and KServe would ignore the percentage. Deploy the move to Knative alone, "
            "without canary; when it answers, add the candidate"
        ]
    return [
        "canary: no version has had all requests yet, and KServe would ignore the percentage. Deploy model alone, without canary, first"
    ]


def _split(change: Wanted, live: Live, percent: int) -> list[str]:
    if change.candidate is None and live.percent is None:
        return [
            "canary: {percent: 0} removes a candidate, and none stands: KServe would send users to the version before the current one. "
            "Leave canary out; to go back to an older model, roll it out as a candidate"
        ]
    base = live.beside(change.candidate)
    if base and base.version.is_same(change.stable):
        return []
    if change.candidate is None and live.rolled_out == live.newest_ready:
        return [
            f"canary: {{percent: 0}} without a candidate comes too early: {_told(live.described, change.stable)} still counts as rolled "
            f"out and would get every request. First {_at_zero(live.described, change.stable)}, then this"
        ]
    runs = _told(base.version, change.stable) if base else "an older version"
    wanted_stable = _told(change.stable, base.version) if base else change.stable.model
    return [
        f"model: beside a canary of {percent} % users would get {runs}, not {wanted_stable}: KServe keeps the version that had all "
        "requests. Put that one back as model, or deploy the new one alone, without canary, and add the candidate afterwards"
    ]


def _dropped(change: Wanted, live: Live) -> list[str]:
    if live.percent is None:
        return []
    stable, described, newest = change.stable, live.described, live.newest_ready
    if not described.is_same(stable):
        return [
            f"canary: dropped in one step, it sends every user to {_told(described, stable)} until {_told(stable, described)} has started "
            f"anew. To go back: {_at_zero(described, stable)}, then canary: {{percent: 0}}, then none (make rollback does all three). "
            f"To promote {_told(described, stable)}, make it the stable one"
        ]
    if newest is None or not newest.version.is_same(stable):
        instead = _told(newest.version, stable) if newest else "no answer"
        return [f"canary: {stable.model} is not ready yet; without the canary users would get {instead}. Wait until it is, or go back"]
    return []


def _told(version: Version, beside: Version) -> str:
    """Shortly, but so that it is not taken for the other one."""
    return version.model if version.model != beside.model else str(version)


def _at_zero(candidate: Version, stable: Version) -> str:
    model = f"model: {candidate.model}, " if candidate.model != stable.model else ""
    image = f"image: {candidate.image}, " if candidate.image not in (None, stable.image) else ""
    return f"canary: {{{model}{image}percent: 0}}"
