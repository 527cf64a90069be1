"""Both versions measured by what users send them, as Prometheus has it from Knative's queue proxies.

`kn.serving.invocation.duration`, seconds, by `http.response.status_code` (knative/serving:pkg/queue/request_metric.go@knative-v1.21.1);
our PodMonitor adds the label `revision` (components/serving/metrics.py). A request that reaches no pod is in none of it.
"""

from __future__ import annotations

import json
import math
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from scripts.errors import DriverError
from scripts.mlops.delivery.gates import Window, Windows
from scripts.mlops.delivery.plan import Sides
from scripts.mlops.reach import Endpoint, reachable

METRIC = "kn_serving_invocation_duration_seconds"
LEAST_SECONDS = 60
"""Of a range: four scrapes, of which an increase needs two."""


@dataclass
class Reading:
    endpoint: Endpoint
    namespace: str
    sides: Sides
    began: float = field(default_factory=time.monotonic)

    def look(self) -> Windows:
        stable = self.sides.stable
        return Windows(stable=self._window(stable.revision) if stable else Window(), candidate=self._window(self.sides.candidate.revision))

    def _window(self, revision: str) -> Window:
        seconds = max(LEAST_SECONDS, math.ceil(time.monotonic() - self.began))
        labels = f'namespace="{self.namespace}",revision="{revision}"'
        requests = self._value(f"sum(increase({METRIC}_count{{{labels}}}[{seconds}s]))")
        errors = self._value(f'sum(increase({METRIC}_count{{{labels},http_response_status_code=~"5.."}}[{seconds}s]))')
        p95 = self._value(f"histogram_quantile(0.95, sum by (le) (increase({METRIC}_bucket{{{labels}}}[{seconds}s])))")
        return Window(round(requests or 0), round(errors or 0), p95)

    def _value(self, query: str) -> float | None:
        """Of a query with one number, or with none: an empty answer, or the NaN of a quantile of nothing."""
        address = f"{self.endpoint.url}?{urllib.parse.urlencode({'query': query})}"
        request = urllib.request.Request(address, headers={"Host": self.endpoint.host})  # noqa: S310 - of the stack's configuration
        try:
            with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
                result = json.load(response)["data"]["result"]
        except (OSError, ValueError, KeyError) as error:
            raise DriverError(f"Prometheus does not answer: {error}") from None
        value = float(result[0]["value"][1]) if result else math.nan
        return None if math.isnan(value) else value


@contextmanager
def reading(sides: Sides, url: str, namespace: str, environment: Mapping[str, str]) -> Iterator[Reading]:
    """`url`: of Prometheus, as a pod would ask it."""
    with reachable(f"{url.rstrip('/')}/api/v1/query", environment) as endpoint:
        yield Reading(endpoint, namespace, sides)
