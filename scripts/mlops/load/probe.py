"""A load on one address at one rate, for programs: the rollout's gates, and tests that do something meanwhile."""

from collections.abc import Callable

from scripts.mlops.load.measurement import Measurement
from scripts.mlops.load.plan import Plan
from scripts.mlops.load.running import Running, start
from scripts.mlops.load.session import TIMEOUT, posting

Check = Callable[[bytes], object]
"""Raises RequestFailed for the content of a 200 answer that is wrong."""


def probe(
    url: str, host: str, body: bytes | None, check: Check, rate: float, seconds: float, *, timeout: float = TIMEOUT, seed: int = 0
) -> Measurement:
    """Send `rate` requests per second for `seconds`, at random moments, each once; return when the last is answered. No `body`: a GET."""
    return start_probe(url, host, body, check, rate, seconds, timeout=timeout, seed=seed).result()


def start_probe(
    url: str, host: str, body: bytes | None, check: Check, rate: float, seconds: float, *, timeout: float = TIMEOUT, seed: int = 0
) -> Running:
    """The same load, while the block runs."""
    return start(Plan(seconds=seconds, rate=rate, seed=seed), posting(url, host, [body], check, timeout))
