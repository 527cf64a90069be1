"""Whether a candidate does as well as the stable version: a pure judgement of two windows of requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["watching", "good", "bad"]


@dataclass(frozen=True)
class Window:
    """Requests to one version since a step stands. `p95_seconds` None: no request, no latency."""

    requests: int = 0
    errors: int = 0
    p95_seconds: float | None = None

    @property
    def error_rate(self) -> float:
        return self.errors / self.requests if self.requests else 0.0


@dataclass(frozen=True)
class Windows:
    stable: Window = Window()
    candidate: Window = Window()


@dataclass(frozen=True)
class Gates:
    """`max_error_rate`: how much higher than stable's the candidate's may be, 0..1. `max_p95_ratio`: of candidate's P95 to stable's.

    `min_requests`: to each version, or nothing is said about it.
    """

    max_error_rate: float = 0.01
    max_p95_ratio: float = 1.5
    max_p95_seconds: float | None = None
    min_requests: int = 100


@dataclass(frozen=True)
class Verdict:
    state: State
    reason: str = ""


def judge(gates: Gates, windows: Windows, *, over: bool) -> Verdict:
    """Errors end a step at once, also before `min_requests` if those that are missing could not make up for them.

    Latency is judged when the interval is `over`: a percentile of few requests jumps.
    """
    stable, candidate = windows.stable, windows.candidate
    allowed = gates.max_error_rate + stable.error_rate
    if candidate.errors > allowed * max(candidate.requests, gates.min_requests):
        return Verdict(
            "bad", f"{candidate.errors} of {candidate.requests} requests failed, {stable.errors} of {stable.requests} of stable's"
        )
    if not over:
        return Verdict("watching")
    if few := _too_few(gates, windows):
        return Verdict("watching", few)
    return _judge_latency(gates, stable.p95_seconds or 0.0, candidate.p95_seconds or 0.0)


def _too_few(gates: Gates, windows: Windows) -> str:
    counts = {"stable": windows.stable.requests, "the candidate": windows.candidate.requests}
    few = [f"{count} to {name}" for name, count in counts.items() if count < gates.min_requests]
    return f"only {' and '.join(few)}, of at least {gates.min_requests} requests" if few else ""


def _judge_latency(gates: Gates, stable: float, candidate: float) -> Verdict:
    if gates.max_p95_seconds is not None and candidate > gates.max_p95_seconds:
        return Verdict("bad", f"P95 is {_ms(candidate)}, the limit {_ms(gates.max_p95_seconds)}")
    if candidate > gates.max_p95_ratio * stable:
        return Verdict("bad", f"P95 is {_ms(candidate)}, stable's {_ms(stable)}: more than {gates.max_p95_ratio:g} times as much")
    return Verdict("good")


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
