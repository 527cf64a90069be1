"""Figures and conditions that one service has in addition to latency; the core reports them without knowing their meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from scripts.mlops.load.measurement import Measurement

Figures = Mapping[str, float | list[float] | None]
"""Figures by names that end with their unit, in the order of the report. A list is a distribution (any order); None: not known.

Names that end with `_ms` share one panel of the picture.
"""

Gauges = Mapping[str, list[tuple[float, float]]]
"""The servers' own metrics during the load: by name the moments (seconds of the epoch) and their values."""


@dataclass(frozen=True)
class Condition:
    """A condition beside the core's thresholds. `held` is None if it was not judged; `said` has the measured value, or the reason."""

    name: str
    measured: float | None
    held: bool | None
    said: str


class Extra(Protocol):
    def figures(self, part: Measurement) -> Figures:
        """Return figures from the samples' details, for the whole load or any part of it, always with the same names."""
        ...

    def conditions(self, began: float, ended: float) -> list[Condition]:
        """Judge once, over the period in which speed is judged (seconds of the epoch)."""
        ...

    def gauges(self, began: float, ended: float) -> Gauges:
        """Return gauges between two moments (seconds of the epoch); none without a source. Raises DriverError if it does not answer."""
        ...
