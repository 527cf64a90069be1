"""Measures both versions by the rollout's own requests, each at the address that leads to it alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from scripts.mlops.delivery.gates import Figures, Window, Windows
from scripts.mlops.delivery.plan import Side, Sides
from scripts.mlops.delivery.question import Question
from scripts.mlops.load.measurement import percentile
from scripts.mlops.load.probe import start_probe
from scripts.mlops.load.running import Running
from scripts.mlops.reach import reachable

HOURS = 6
"""Longer than any step; the load stops with the step."""


@dataclass(frozen=True)
class Probing:
    candidate: Running
    stable: Running | None

    def look(self) -> Figures:
        return Figures(Windows(stable=_window(self.stable) if self.stable else Window(), candidate=_window(self.candidate)))


@contextmanager
def probing(sides: Sides, question: Question, rate: float, environment: Mapping[str, str]) -> Iterator[Probing]:
    """`rate`: requests per second to each version. Raises DriverError if an address does not exist."""
    with ExitStack() as stack:
        found = [stack.enter_context(_asked(side, question, rate, environment)) for side in (sides.candidate, sides.stable) if side]
        yield Probing(found[0], found[1] if sides.stable else None)


@contextmanager
def _asked(side: Side, question: Question, rate: float, environment: Mapping[str, str]) -> Iterator[Running]:
    with reachable(side.address + question.path, environment) as endpoint:
        running = start_probe(endpoint.url, endpoint.host, question.body, question.check, rate, HOURS * 3600.0, timeout=question.timeout)
        try:
            yield running
        finally:
            running.stop()


def _window(running: Running) -> Window:
    samples = running.samples
    latencies = sorted(sample.seconds for sample in samples)
    errors = sum(sample.failure is not None for sample in samples)
    return Window(len(samples), errors, percentile(latencies, 95) if latencies else None)
