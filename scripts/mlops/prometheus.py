"""Reads one number from Prometheus, or its history, for gates and load tests."""

from __future__ import annotations

import http.client
import json
import math
import ssl
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from scripts.errors import DriverError
from scripts.mlops.reach import Endpoint, reachable


class _Tls(http.client.HTTPSConnection):
    """Connects to one address and expects the certificate of another name: the name that pods use for the server."""

    def __init__(self, address: str, *, name: str, timeout: float) -> None:
        self._tls = ssl.create_default_context()
        super().__init__(address, timeout=timeout, context=self._tls)
        self._name = name

    def connect(self) -> None:
        http.client.HTTPConnection.connect(self)
        self.sock = self._tls.wrap_socket(self.sock, server_hostname=self._name)


class _Certified(urllib.request.HTTPSHandler):
    """Opens https:// URLs of `host`, the name in the request's header, at the address by which this machine reaches it."""

    def __init__(self, host: str) -> None:
        super().__init__()
        self._name = urllib.parse.urlsplit(f"//{host}").hostname or host

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(partial(_Tls, name=self._name), req)


@dataclass(frozen=True)
class Prometheus:
    """`endpoint`: its API, reachable from this machine."""

    endpoint: Endpoint

    def value(self, query: str, at: float | None = None) -> float | None:
        """Return the number of a query, or None: the answer is empty, or the NaN of a quantile of nothing. `at`: seconds of the epoch.

        Raises DriverError if it does not answer.
        """
        result = self._result("query", query=query, **({} if at is None else {"time": f"{at:.3f}"}))
        value = float(result[0]["value"][1]) if result else math.nan
        return None if math.isnan(value) else value

    def history(self, query: str, began: float, ended: float, step: float) -> list[tuple[float, float]]:
        """Return the query's value every `step` seconds between two moments (seconds of the epoch), without steps that have no number.

        Raises DriverError if it does not answer.
        """
        result = self._result("query_range", query=query, start=f"{began:.3f}", end=f"{ended:.3f}", step=f"{step:g}")
        pairs = [(float(at), float(value)) for at, value in result[0]["values"]] if result else []
        return [(at, value) for at, value in pairs if not math.isnan(value)]

    def data(self, path: str, **fields: str) -> Any:  # noqa: ANN401 - any JSON
        """Return its answer to a path of its API. Raises DriverError if it does not answer."""
        address = f"{self.endpoint.url}/{path}?{urllib.parse.urlencode(fields)}"
        request = urllib.request.Request(address, headers={"Host": self.endpoint.host})  # noqa: S310 - of the stack's configuration
        try:
            with urllib.request.build_opener(_Certified(self.endpoint.host)).open(request, timeout=10) as response:
                return json.load(response)["data"]
        except (OSError, ValueError, KeyError) as error:
            raise DriverError(f"Prometheus does not answer: {error}") from None

    def _result(self, path: str, **fields: str) -> list[dict[str, Any]]:
        data = self.data(path, **fields)
        if "result" not in data:
            raise DriverError(f"Prometheus does not answer: no result of {path}")
        return list(data["result"])


@contextmanager
def connected(url: str, environment: Mapping[str, str]) -> Iterator[Prometheus]:
    """`url`: the address of Prometheus from inside a pod."""
    with reachable(f"{url.rstrip('/')}/api/v1", environment) as endpoint:
        yield Prometheus(endpoint)
