"""Shows what a rollout would do, step by step, and what its first update would change. It writes only to a folder that it removes."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from scripts.errors import DriverError
from scripts.mlops.delivery.driver import Rollout
from scripts.mlops.delivery.plan import Named, Step
from scripts.mlops.delivery.ports import UpFailedError


class Previewer(Protocol):
    def preview(self, text: str, folder: Path) -> str:
        """Return what an update with a stack file of this text would change; `folder` is for its files."""
        ...


def rehearse(rollout: Rollout, engine: Previewer, candidate: Named, percents: Sequence[int]) -> str:
    """Return the plan as text. Raises DriverError if the rollout itself would."""
    ports = rollout.ports
    if rollout.is_stable(candidate):
        return f"{candidate} is stable already: the stack would be updated without a change of the file"
    known = rollout.known(candidate)
    steps = rollout.ahead(known, percents)
    lines = [f"{candidate} beside {known.stable}, {ports.file.path.name}:"]
    lines += [f"  {step.name:15}{_words(step)}" for step in steps]
    lines += ["and back, as soon as a step is found bad:"]
    lines += [f"  {step.name:15}{_words(step)}" for step in ports.strategy.back(ports.file, known.stable, candidate, promoted=False)]
    if not steps:
        return "\n".join(lines)
    if reasons := ports.strategy.refusals(rollout.configuration(steps[0])):
        return "\n".join([*lines, "", "but the first step is refused:", *reasons])
    with tempfile.TemporaryDirectory(prefix="rollout-") as folder:
        try:
            preview = engine.preview(ports.file.edited(steps[0].edits), Path(folder))
        except UpFailedError as error:
            raise DriverError(f"the preview of the first step failed: {error}") from None
    return "\n".join([*lines, "", f"the first step, {steps[0].name}, would change:", preview])


def _words(step: Step) -> str:
    changes = [f"{'.'.join(key)}: {'none' if value is None else value}" for key, value in step.edits.items()]
    return "; ".join(changes).replace("'", "")
