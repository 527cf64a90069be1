"""One number from Prometheus, as gates and load tests want it."""

from __future__ import annotations

import json
import math
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from scripts.errors import DriverError
from scripts.mlops.reach import Endpoint, reachable


@dataclass(frozen=True)
class Prometheus:
    """`endpoint`: of its API's instant queries."""

    endpoint: Endpoint

    def value(self, query: str, at: float | None = None) -> float | None:
        """Of a query with one number, or with none: an empty answer, or the NaN of a quantile of nothing. `at`: seconds of the epoch.

        Raises DriverError where it does not answer.
        """
        fields = {"query": query} | ({} if at is None else {"time": f"{at:.3f}"})
        address = f"{self.endpoint.url}?{urllib.parse.urlencode(fields)}"
        request = urllib.request.Request(address, headers={"Host": self.endpoint.host})  # noqa: S310 - of the stack's configuration
        try:
            with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
                result = json.load(response)["data"]["result"]
        except (OSError, ValueError, KeyError) as error:
            raise DriverError(f"Prometheus does not answer: {error}") from None
        value = float(result[0]["value"][1]) if result else math.nan
        return None if math.isnan(value) else value


@contextmanager
def connected(url: str, environment: Mapping[str, str]) -> Iterator[Prometheus]:
    """`url`: of Prometheus, as a pod would ask it."""
    with reachable(f"{url.rstrip('/')}/api/v1/query", environment) as endpoint:
        yield Prometheus(endpoint)
