"""Refuses changes of a model in Knative mode that would hurt users now. The program sees only the wanted state; this module sees both.

KServe keeps one description of a model, and the name of the revision that had all requests; a percentage splits requests between it and
the newest. So what runs decides whether a stack file is right (components/serving/versions.py describes the steps).
"""

from __future__ import annotations

from dataclasses import dataclass

from components.artifacts import NOT_BUILT, Mirror
from components.serving.model import Model
from components.serving.versions import Version
from scripts.live_state import Content, Live
from stacks.config import StackConfig
from stacks.images import server_image


@dataclass(frozen=True)
class Wanted:
    """A model's versions in the stack file. `percent` None: one version. `candidate` None beside a percentage: it is being removed."""

    stable: Content
    candidate: Content | None = None
    percent: int | None = None


def wanted(model: Model, config: StackConfig) -> Wanted:
    image = server_image(config, model, Mirror())
    runtime = None if image.startswith(NOT_BUILT) else image
    stable, *candidates = [_content(version, runtime) for version in model.versions]
    if not candidates:
        return Wanted(stable)
    (candidate,) = candidates
    return Wanted(stable, None if candidate == stable else candidate, model.versions[-1].weight)


def _content(version: Version, runtime: str | None) -> Content:
    return Content(version.source, version.image or runtime)


def refused(name: str, change: Wanted, live: Live | None) -> list[str]:
    """Return why this change of the model must not be made now, and what to do instead; nothing if it is allowed."""
    if live is None or not live.knative or live.rolled_out is None:
        found = _without_splitting(change, live)
    elif change.percent is None:
        found = _dropped(change, live)
    else:
        found = _split(change, live, change.percent)
    return [f"models.{name}.{text}" for text in found]


def _without_splitting(change: Wanted, live: Live | None) -> list[str]:
    if change.percent is None:
        return []
    if live and not live.knative:
        return [
            "versions: the model runs in Standard mode, and KServe would ignore the weights. Deploy the move to Knative with the first "
            "version alone; when it answers, add the candidate"
        ]
    return ["versions: no version has had all requests yet, and KServe would ignore the weights. Deploy the first version alone"]


def _split(change: Wanted, live: Live, percent: int) -> list[str]:
    if change.candidate is None and live.percent is None:
        return [
            "versions[1]: stable once more with weight 0 removes a candidate, but there is none: KServe would send users to the version "
            "before the current one. Leave it out; to go back to an older version, roll it out as a candidate"
        ]
    base = live.beside(change.candidate)
    if base and base.content.is_same(change.stable):
        return []
    if change.candidate is None and live.rolled_out == live.newest_ready:
        return [
            f"versions[1]: stable once more with weight 0 comes too early: {live.described.told_beside(change.stable)} still counts as "
            f"rolled out and would get every request. First {_at_zero(live.described, change.stable)}, then this"
        ]
    runs = base.content.told_beside(change.stable) if base else "an older version"
    stable = change.stable.told_beside(base.content) if base else str(change.stable)
    return [
        f"versions[0]: beside a candidate with weight {percent} users would get {runs}, not {stable}: KServe keeps the version that had "
        "all requests. Put that one back as the first, or deploy the new one alone and add the candidate afterwards"
    ]


def _dropped(change: Wanted, live: Live) -> list[str]:
    if live.percent is None:
        return []
    stable, described, newest = change.stable, live.described, live.newest_ready
    if not described.is_same(stable):
        candidate = described.told_beside(stable)
        return [
            f"versions: to leave the candidate out in one step sends every user to {candidate} until {stable.told_beside(described)} has "
            f"started anew. To go back: {_at_zero(described, stable)}; then stable once more in the candidate's place; then stable alone "
            f"(make rollback does all three). To promote {candidate}, leave it as the only version"
        ]
    if newest is None or not newest.content.is_same(stable):
        instead = newest.content.told_beside(stable) if newest else "no answer"
        return [f"versions: {stable} is not ready yet; alone it would leave users to {instead}. Wait until it is, or go back"]
    return []


def _at_zero(candidate: Content, stable: Content) -> str:
    source = f"source: {candidate.source}, " if candidate.source else ""
    image = f"image: {candidate.image}, " if candidate.image not in (None, stable.image) else ""
    return f"stable with weight 100 and {{{source}{image}weight: 0}}"
