"""Both versions measured by what users send them, as Prometheus has it from what answered.

Which series those are: components/observability/variants.py. Latency is in seconds. A request that reaches no pod is in none of it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from components.observability.variants import Variants
from scripts.mlops.delivery.gates import Window, Windows
from scripts.mlops.delivery.plan import Sides
from scripts.mlops.prometheus import Prometheus, connected

LEAST_SECONDS = 60
"""Of a range: four scrapes, of which an increase needs two."""


@dataclass
class Reading:
    prometheus: Prometheus
    variants: Variants
    sides: Sides
    began: float = field(default_factory=time.monotonic)

    def look(self) -> Windows:
        stable = self.sides.stable
        return Windows(stable=self._window(stable.revision) if stable else Window(), candidate=self._window(self.sides.candidate.revision))

    def _window(self, name: str) -> Window:
        """`name`: the variant's."""
        variants = self.variants
        requests = self._increase("sum", variants.counter, name, variants.answered)
        errors = self._increase("sum", variants.counter, name, variants.answered, variants.failed)
        p95 = self._increase("histogram_quantile(0.95, sum by (le) ", f"{variants.histogram}_bucket", name, end=")")
        return Window(round(requests or 0), round(errors or 0), p95)

    def _increase(self, aggregated: str, series: str, name: str, *matchers: str, end: str = "") -> float | None:
        seconds = max(LEAST_SECONDS, math.ceil(time.monotonic() - self.began))
        labels = ",".join(filter(None, (f'namespace="{self.variants.model.namespace}"', f'{self.variants.label}="{name}"', *matchers)))
        return self.prometheus.value(f"{aggregated}(increase({series}{{{labels}}}[{seconds}s])){end}")


@contextmanager
def reading(sides: Sides, url: str, variants: Variants, environment: Mapping[str, str]) -> Iterator[Reading]:
    """`url`: of Prometheus, as a pod would ask it."""
    with connected(url, environment) as prometheus:
        yield Reading(prometheus, variants, sides)
