"""The decisions of a rollout so far, kept beside the state: stack file and cluster say where it is, not why."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from scripts import whole_file
from scripts.errors import DriverError
from scripts.mlops.delivery.gates import Window, Windows
from scripts.mlops.delivery.plan import Named, Standing

PROMOTED, ROLLED_BACK = "promoted", "rolled back"
NOTHING = Windows()


@dataclass(frozen=True)
class Judged:
    """A step with its verdict. `seconds`: the time from its start to the verdict, the update included."""

    name: str
    percent: int
    verdict: str
    reason: str
    seconds: float
    windows: Windows = NOTHING


@dataclass(frozen=True)
class Journal:
    """`going_back`: the reason; set before anything is undone, so that a killed rollback goes on. `undone`: a promotion is taken back.

    `written_seconds`, `obeyed_seconds`: the time from that decision until the cluster was told to lead users back, and until its route was
    seen to do so; `written_at`: the former as seconds of the epoch. `outcome`: empty while the rollout is under way.
    """

    stable: Named
    candidate: Named
    steps: tuple[Judged, ...] = ()
    going_back: str = ""
    undone: bool = False
    written_seconds: float | None = None
    written_at: float | None = None
    obeyed_seconds: float | None = None
    outcome: str = ""

    @property
    def is_open(self) -> bool:
        return not self.outcome

    def has_begun(self, standing: Standing) -> bool:
        """Return whether a step was carried out: it is judged here, or the stack file still has its candidate."""
        return bool(self.steps or self.going_back or self.outcome) or standing.percent is not None

    def passed(self, name: str) -> bool:
        return any(step.name == name and step.verdict == "good" for step in self.steps)

    def is_promoted(self, standing: Standing) -> bool:
        """Return whether the stack file still has what this rollout wrote."""
        return self.outcome == PROMOTED and standing.percent is None and self.candidate.is_named_by(standing.stable)

    def with_step(self, step: Judged) -> Journal:
        return replace(self, steps=(*self.steps, step))


def load(path: Path) -> Journal | None:
    """Read a journal, even one that an older or newer driver wrote: fields that this driver does not know are left out."""
    if not path.exists():
        return None
    try:
        content: dict[str, Any] = json.loads(path.read_text())
        steps = tuple(Judged(**{**_known(Judged, step), "windows": _windows(step["windows"])}) for step in content["steps"])
        versions = {name: Named(**_known(Named, content[name])) for name in ("stable", "candidate")}
        return Journal(**{**_known(Journal, content), **versions, "steps": steps})
    except (ValueError, LookupError, TypeError) as error:
        raise DriverError(
            f"{path} is no journal of a rollout ({error}); move it away, and the stack file alone says how far the rollout went"
        ) from None


def _known(kind: type[Journal | Judged | Named | Window], content: dict[str, Any]) -> dict[str, Any]:
    names = {each.name for each in fields(kind)}
    return {name: value for name, value in content.items() if name in names}


def under_way(standing: Standing, known: Journal | None, candidate: Named) -> Journal:
    """Return the journal of this candidate's rollout: the current one, or a new one. Raises DriverError if another rollout is under way."""
    if known and known.is_open:
        if known.candidate != candidate:
            raise DriverError(f"a rollout of {known.candidate} is under way; go on with it or roll it back first")
        return known
    if standing.percent is not None and standing.candidate is None:
        raise DriverError("a candidate is being removed (stable has its place, with weight 0); finish that first, by a rollback")
    if standing.candidate not in (None, candidate):
        raise DriverError(f"the candidate {standing.candidate} has {standing.percent} % of the requests; roll it back or promote it first")
    return Journal(standing.stable, candidate)


def save(path: Path, journal: Journal) -> None:
    whole_file.write(path, json.dumps(asdict(journal), indent=1))


def _windows(content: dict[str, Any]) -> Windows:
    return Windows(stable=Window(**_known(Window, content["stable"])), candidate=Window(**_known(Window, content["candidate"])))
