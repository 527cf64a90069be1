"""What one service measures and keeps beside the time of whole answers; the core reports it without knowing what it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from scripts.mlops.load.measurement import Measurement

Figures = Mapping[str, float | list[float] | None]
"""By names that end with their unit, in the order of the report. A list is a distribution (any order); None: nothing to say.

Those that end with `_ms` are drawn beside each other.
"""

Gauges = Mapping[str, list[tuple[float, float]]]
"""What servers say of themselves meanwhile: by name the moments (seconds of the epoch) and the numbers that they had."""


@dataclass(frozen=True)
class Condition:
    """What the service has to keep beside the core's thresholds. `held` None: it was not judged; `said` is what was seen, or why not."""

    name: str
    measured: float | None
    held: bool | None
    said: str


class Extra(Protocol):
    def figures(self, part: Measurement) -> Figures:
        """Of the samples' details, for the whole load and for any part of it; the same names for each."""
        ...

    def conditions(self, began: float, ended: float) -> list[Condition]:
        """Judged once, over the time whose speed is judged (seconds of the epoch)."""
        ...

    def gauges(self, began: float, ended: float) -> Gauges:
        """Between two moments (seconds of the epoch); none where nobody can be asked. Raises DriverError where nobody answers."""
        ...
