"""Both versions measured by what users send them, as Prometheus has it from Knative's queue proxies.

`kn.serving.invocation.duration`, seconds, by `http.response.status_code` (knative/serving:pkg/queue/request_metric.go@knative-v1.21.1);
our PodMonitor adds the label `revision` (components/serving/metrics.py). A request that reaches no pod is in none of it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from scripts.mlops.delivery.gates import Window, Windows
from scripts.mlops.delivery.plan import Sides
from scripts.mlops.prometheus import Prometheus, connected

METRIC = "kn_serving_invocation_duration_seconds"
LEAST_SECONDS = 60
"""Of a range: four scrapes, of which an increase needs two."""


@dataclass
class Reading:
    prometheus: Prometheus
    namespace: str
    sides: Sides
    began: float = field(default_factory=time.monotonic)

    def look(self) -> Windows:
        stable = self.sides.stable
        return Windows(stable=self._window(stable.revision) if stable else Window(), candidate=self._window(self.sides.candidate.revision))

    def _window(self, revision: str) -> Window:
        seconds = max(LEAST_SECONDS, math.ceil(time.monotonic() - self.began))
        labels = f'namespace="{self.namespace}",revision="{revision}"'
        requests = self.prometheus.value(f"sum(increase({METRIC}_count{{{labels}}}[{seconds}s]))")
        errors = self.prometheus.value(f'sum(increase({METRIC}_count{{{labels},http_response_status_code=~"5.."}}[{seconds}s]))')
        p95 = self.prometheus.value(f"histogram_quantile(0.95, sum by (le) (increase({METRIC}_bucket{{{labels}}}[{seconds}s])))")
        return Window(round(requests or 0), round(errors or 0), p95)


@contextmanager
def reading(sides: Sides, url: str, namespace: str, environment: Mapping[str, str]) -> Iterator[Reading]:
    """`url`: of Prometheus, as a pod would ask it."""
    with connected(url, environment) as prometheus:
        yield Reading(prometheus, namespace, sides)
