"""Alerts on the speed at which the error budget of a model's objective is used up.

There are several windows and burn rates, as in "Alerting on SLOs" (https://sre.google/workbook/alerting-on-slos/, section 6): the
long window shows that the problem matters, the short one that it still exists.
"""

from __future__ import annotations

from typing import Literal

from components.base import Args
from components.observability.queries import LATENCY, REQUESTS, error_ratio, route, slow_ratio
from components.observability.rules import Alert, Duration, Group, Record, about, selector
from components.platform.alert_receivers import Severity
from components.serving.model import Model

PERIOD_DAYS = 30
"""Days in which the budget may be used up once."""

ENOUGH_REQUESTS = 100
"""Fewest requests in the long window; with fewer, one failure is no trend."""

RATIO = "slo:bad_requests:ratio_rate"
Slo = Literal["availability", "latency"]
SLOS: tuple[Slo, ...] = ("availability", "latency")


class Burn(Args):
    """`rate`: how many times faster than the budget allows. At this rate the budget is gone after `PERIOD_DAYS / rate` days."""

    rate: float
    long: Duration
    short: Duration
    lasting: Duration
    severity: Severity


BURNS = (
    Burn(rate=14.4, long="1h", short="5m", lasting="2m", severity="critical"),
    Burn(rate=6, long="6h", short="30m", lasting="15m", severity="critical"),
    Burn(rate=3, long="1d", short="2h", lasting="1h", severity="warning"),
    Burn(rate=1, long="3d", short="6h", lasting="3h", severity="warning"),
)
WINDOWS = sorted({window for burn in BURNS for window in (burn.long, burn.short)})


def slo(model: Model) -> Group:
    records = [
        Record(name=f"{RATIO}{window}", expr=_bad(model, kind, window), labels={**about(model), "slo": kind})
        for kind in SLOS
        for window in WINDOWS
    ]
    return Group(name=f"slo-{model.name}", rules=[*records, *_availability(model), *_latency(model)])


def _bad(model: Model, kind: Slo, window: str) -> str:
    """Return the share of the requests that broke the objective."""
    if kind == "availability":
        return error_ratio(model, window)
    return slow_ratio(model, model.entry.objective.latency_seconds, window)


def _availability(model: Model) -> list[Alert]:
    budget = 1 - model.entry.objective.availability
    return [
        Alert(
            name="AvailabilityBudgetBurn",
            expr=_burning(model, "availability", burn, budget, REQUESTS),
            lasting=burn.lasting,
            severity=burn.severity,
            labels={**about(model), "slo": "availability", "window": burn.long},
            summary=f"{model.name}: server errors use up {PERIOD_DAYS} days' budget in {_days(burn)}",
            description=(
                f"{{{{ $value | humanizePercentage }}}} of the requests of the last {burn.long} failed, and it goes on; "
                f"{percent(budget)} may. If a rollout is under way, roll it back; else look at the pods' logs."
            ),
        )
        for burn in _reachable(budget)
    ]


def _latency(model: Model) -> list[Alert]:
    objective = model.entry.objective
    budget = 1 - objective.fast
    return [
        Alert(
            name="LatencyBudgetBurn",
            expr=_burning(model, "latency", burn, budget, f"{LATENCY}_count"),
            lasting=burn.lasting,
            severity=burn.severity,
            labels={**about(model), "slo": "latency", "window": burn.long},
            summary=f"{model.name}: slow answers use up {PERIOD_DAYS} days' budget in {_days(burn)}",
            description=(
                f"{{{{ $value | humanizePercentage }}}} of the requests of the last {burn.long} took longer than "
                f"{objective.latency_seconds:g} s, and it goes on; {percent(budget)} may. "
                "Look whether replicas are at their maximum, then at the queue and the CPU."
            ),
        )
        for burn in _reachable(budget)
    ]


def _reachable(budget: float) -> list[Burn]:
    """Leave out rates that no share of bad requests can reach: at most all requests are bad."""
    return [burn for burn in BURNS if burn.rate * budget < 1]


def _burning(model: Model, kind: Slo, burn: Burn, budget: float, counter: str) -> str:
    threshold = f"{burn.rate * budget:.6g}"
    recorded = selector({**about(model), "slo": kind})
    enough = f"sum(increase({counter}{{{route(model)}}}[{burn.long}])) >= {ENOUGH_REQUESTS}"
    return f"{RATIO}{burn.long}{{{recorded}}} > {threshold} and {RATIO}{burn.short}{{{recorded}}} > {threshold} and on () {enough}"


def percent(share: float) -> str:
    """Write a share as people read it: 0.005 → `0.5 %`."""
    return f"{share * 100:.4g} %"


def _days(burn: Burn) -> str:
    days = PERIOD_DAYS / burn.rate
    return f"{days:.0f} days" if days > 2 else f"{days * 24:.0f} hours"
