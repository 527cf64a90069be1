"""The judgement of a candidate: pure functions of the figures of both versions over the same seconds.

A candidate is compared with stable only by figures that stable has. Without such figures only the absolute limits hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["watching", "good", "bad"]


@dataclass(frozen=True)
class Window:
    """Requests to one version since a step took effect. `p95_seconds` is None if no latency is known."""

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
class Figures:
    """`probes`: the rollout's own requests, which are the same for both versions. `users`: the requests of users.

    `users` is None if they are not known, or if one of the versions has too few of them to be judged by.
    """

    probes: Windows = Windows()
    users: Windows | None = None

    @property
    def shown(self) -> Windows:
        """Return the figures that the display shows and that latency is judged by."""
        return self.users or self.probes


@dataclass(frozen=True)
class Gates:
    """`max_error_rate`: how much higher than stable's the candidate's may be, 0..1. `max_p95_ratio`: candidate's P95 to stable's.

    `max_p95_seconds`: the candidate's limit, whatever stable's is. `min_requests`: fewest requests to each version for a judgement.
    """

    max_error_rate: float = 0.01
    max_p95_ratio: float = 1.5
    max_p95_seconds: float | None = None
    min_requests: int = 100


@dataclass(frozen=True)
class Verdict:
    state: State
    reason: str = ""


def judge(gates: Gates, figures: Figures, *, over: bool, stable_has_users: bool = True) -> Verdict:
    """Errors end a step at once, even before `min_requests`, if the missing requests could not make up for them.

    Latency is judged when the interval is `over`: a percentile of few requests jumps. It is not compared while stable has no users: an
    idle server is faster than a busy one.
    """
    for windows in filter(None, (figures.users, figures.probes)):
        if too_many := _too_many_errors(gates, windows):
            return Verdict("bad", too_many)
    if not over:
        return Verdict("watching")
    if few := _too_few(gates, {"the candidate": figures.shown.candidate}):
        return Verdict("watching", few)
    candidate = figures.shown.candidate.p95_seconds
    if gates.max_p95_seconds is not None and candidate is not None and candidate > gates.max_p95_seconds:
        return Verdict("bad", f"P95 is {_ms(candidate)}, the limit {_ms(gates.max_p95_seconds)}")
    if few := _too_few(gates, {"stable": figures.shown.stable}):
        return Verdict("watching", few)
    return _compared(gates, figures.shown) if stable_has_users else Verdict("good")


def _too_many_errors(gates: Gates, windows: Windows) -> str | None:
    stable, candidate = windows.stable, windows.candidate
    allowed = gates.max_error_rate + stable.error_rate
    if stable.requests == 0 or candidate.errors <= allowed * max(candidate.requests, gates.min_requests):
        return None
    return f"{candidate.errors} of {candidate.requests} requests failed, {stable.errors} of {stable.requests} of stable's"


def _too_few(gates: Gates, windows: dict[str, Window]) -> str:
    few = [f"{window.requests} to {name}" for name, window in windows.items() if window.requests < gates.min_requests]
    return f"only {' and '.join(few)}, of at least {gates.min_requests} requests" if few else ""


def _compared(gates: Gates, windows: Windows) -> Verdict:
    stable, candidate = windows.stable.p95_seconds, windows.candidate.p95_seconds
    if stable is None or candidate is None:
        return Verdict("watching", f"{'stable' if stable is None else 'the candidate'} has no P95 yet")
    if candidate > gates.max_p95_ratio * stable:
        return Verdict("bad", f"P95 is {_ms(candidate)}, stable's {_ms(stable)}: more than {gates.max_p95_ratio:g} times as much")
    return Verdict("good")


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
