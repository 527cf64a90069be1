"""Measures both versions by the users' requests, which Prometheus has from the servers that answered them.

components/observability/variants.py has the series of a kind of server. Latency is in seconds. Requests that reach no pod do not count.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from components.observability.variants import Variants
from scripts.mlops.delivery.gates import Figures, Window, Windows
from scripts.mlops.delivery.plan import Sides
from scripts.mlops.delivery.ports import Watch
from scripts.mlops.prometheus import Prometheus, connected

LEAST_SECONDS = 45
"""The shortest range: three scrapes, of which an increase needs two. A step's usual interval is longer, so that users count at its end.
A range never reaches back before the step, when the shares were others."""


@dataclass
class Reading:
    """All requests of a step, the rollout's own included."""

    prometheus: Prometheus
    variants: Variants
    sides: Sides
    began: float = field(default_factory=time.monotonic)

    def look(self) -> Windows | None:
        """Return the figures of both versions since the step took effect, or None while that time is too short."""
        passed = time.monotonic() - self.began
        stable = self.sides.stable
        if passed < LEAST_SECONDS or stable is None:
            return None
        seconds = math.ceil(passed)
        return Windows(stable=self._window(stable.revision, seconds), candidate=self._window(self.sides.candidate.revision, seconds))

    def _window(self, name: str, seconds: int) -> Window:
        variants = self.variants

        def increase(aggregated: str, series: str, *matchers: str, end: str = "") -> float | None:
            labels = ",".join(filter(None, (f'namespace="{variants.model.namespace}"', f'{variants.label}="{name}"', *matchers)))
            return self.prometheus.value(f"{aggregated}(increase({series}{{{labels}}}[{seconds}s])){end}")

        requests = increase("sum", variants.counter, variants.answered)
        errors = increase("sum", variants.counter, variants.answered, variants.failed)
        p95 = increase("histogram_quantile(0.95, sum by (le) ", f"{variants.histogram}_bucket", end=")")
        return Window(round(requests or 0), round(errors or 0), p95)


@dataclass(frozen=True)
class Beside:
    """Probes and users together. `minimum`: the fewest requests of users to each version that count."""

    probes: Watch
    reading: Reading
    minimum: int

    def look(self) -> Figures:
        own, everything = self.probes.look().probes, self.reading.look()
        return Figures(own, users(everything, own, self.minimum) if everything else None)


def users(everything: Windows, own: Windows, minimum: int) -> Windows | None:
    """Return the users' part of all requests; None if one version has fewer than `minimum`, or fewer than the rollout's own.

    The rollout's own requests are taken out: they are as many to both versions, and would dilute a busy version's errors less. A
    percentile cannot be corrected like that, so users must have sent at least half of the requests behind it.
    """
    found = Windows(_without(everything.stable, own.stable), _without(everything.candidate, own.candidate))
    pairs = ((found.stable, own.stable), (found.candidate, own.candidate))
    return found if all(part.requests >= max(minimum, probes.requests) for part, probes in pairs) else None


def _without(window: Window, own: Window) -> Window:
    requests = max(0, window.requests - own.requests)
    return Window(requests, min(requests, max(0, window.errors - own.errors)), window.p95_seconds)


@contextmanager
def reading(sides: Sides, url: str, variants: Variants, environment: Mapping[str, str]) -> Iterator[Reading]:
    """`url`: Prometheus' address from inside a pod."""
    with connected(url, environment) as prometheus:
        yield Reading(prometheus, variants, sides)
