"""What users of a model may count on, and alerts on how fast that is being used up.

Several windows and burn rates, as in "Alerting on SLOs" (https://sre.google/workbook/alerting-on-slos/, section 6): the long window says
that it matters, the short one that it still goes on.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from components.base import Args
from components.observability.catalogue import bounds
from components.observability.queries import LATENCY, REQUESTS, ServedModel, error_ratio, slow_ratio
from components.observability.rules import Alert, Duration, Group, Record
from components.platform.alert_receivers import Severity

PERIOD_DAYS = 30
"""In which the budget may be used up once."""

ENOUGH_REQUESTS = 100
"""In the long window; with fewer, one failure is no trend."""

RATIO = "slo:bad_requests:ratio_rate"
Slo = Literal["availability", "latency"]
SLOS: tuple[Slo, ...] = ("availability", "latency")
Share = Annotated[float, Field(gt=0.5, lt=1)]


class Objective(Args):
    """`availability`: of all requests, those that are answered without a server error. `fast`: of all, those within `seconds`."""

    model: ServedModel
    availability: Share = 0.995
    seconds: float
    fast: Share = 0.95

    @field_validator("seconds")
    @classmethod
    def _counted_by_the_gateway(cls, seconds: float) -> float:
        counted = [milliseconds / 1000 for milliseconds in bounds(LATENCY)]
        if seconds not in counted:
            raise ValueError(
                f"{seconds:g} is no bound of the gateway's histogram; choose one of {', '.join(f'{each:g}' for each in counted)}"
            )
        return seconds


class Burn(Args):
    """`rate`: how many times faster than the budget allows; at it the budget of a period is gone after `PERIOD_DAYS / rate` days."""

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


def groups(objective: Objective) -> list[Group]:
    model = objective.model
    records = [
        Record(name=f"{RATIO}{window}", expr=bad(objective, slo, window), labels={"service": model.name, "slo": slo})
        for slo in SLOS
        for window in WINDOWS
    ]
    alerts = [*_availability(objective), *_latency(objective)]
    return [Group(name=f"slo-{model.name}", rules=[*records, *alerts])]


def bad(objective: Objective, slo: Slo, window: str) -> str:
    """The share of the requests that broke it."""
    if slo == "availability":
        return error_ratio(objective.model, window)
    return slow_ratio(objective.model, objective.seconds, window)


def _availability(objective: Objective) -> list[Alert]:
    return [
        Alert(
            name="AvailabilityBudgetBurn",
            expr=_burning(objective.model, "availability", burn, 1 - objective.availability, REQUESTS),
            lasting=burn.lasting,
            severity=burn.severity,
            labels=_labels(objective, "availability", burn),
            summary=f"{objective.model.name}: server errors use up {PERIOD_DAYS} days' budget in {_days(burn)}",
            description=(
                f"{{{{ $value | humanizePercentage }}}} of the requests of the last {burn.long} failed, and it goes on; "
                f"{1 - objective.availability:.1%} may. If a rollout is under way, roll it back; else look at the pods' logs."
            ),
        )
        for burn in BURNS
    ]


def _latency(objective: Objective) -> list[Alert]:
    return [
        Alert(
            name="LatencyBudgetBurn",
            expr=_burning(objective.model, "latency", burn, 1 - objective.fast, f"{LATENCY}_count"),
            lasting=burn.lasting,
            severity=burn.severity,
            labels=_labels(objective, "latency", burn),
            summary=f"{objective.model.name}: slow answers use up {PERIOD_DAYS} days' budget in {_days(burn)}",
            description=(
                f"{{{{ $value | humanizePercentage }}}} of the requests of the last {burn.long} took longer than {objective.seconds:g} s, "
                f"and it goes on; {1 - objective.fast:.0%} may. Look whether replicas are at their maximum, then at the queue and the CPU."
            ),
        )
        for burn in BURNS
    ]


def _burning(model: ServedModel, slo: Slo, burn: Burn, budget: float, counter: str) -> str:
    threshold = f"{burn.rate * budget:.6g}"
    of = f'{{service="{model.name}",slo="{slo}"}}'
    enough = f"sum(increase({counter}{{{model.route}}}[{burn.long}])) >= {ENOUGH_REQUESTS}"
    return f"{RATIO}{burn.long}{of} > {threshold} and {RATIO}{burn.short}{of} > {threshold} and on () {enough}"


def _labels(objective: Objective, slo: Slo, burn: Burn) -> dict[str, str]:
    return {"service": objective.model.name, "namespace": objective.model.namespace, "slo": slo, "window": burn.long}


def _days(burn: Burn) -> str:
    days = PERIOD_DAYS / burn.rate
    return f"{days:.0f} days" if days > 2 else f"{days * 24:.0f} hours"
