"""The figures of a finished load: one object, which is the JSON and the source of table and chart."""

from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from scripts.mlops.load.extra import Condition, Extra, Gauges
from scripts.mlops.load.measurement import Measurement, Sample, by_second, percentile
from scripts.mlops.load.plan import Plan
from scripts.mlops.load.replicas import Replicas
from scripts.mlops.load.thresholds import Thresholds


@dataclass(frozen=True)
class Outcome:
    """All results of a load; `steady_from` in seconds. `replicas` were watched until `ended` (epoch); None if they were not watched."""

    url: str
    plan: Plan
    measurement: Measurement
    thresholds: Thresholds
    steady_from: float
    replicas: list[Replicas] | None
    ended: float
    interrupted: bool
    extra: Extra | None
    conditions: list[Condition]
    gauges: Gauges

    def broken(self) -> list[str]:
        """One line for each threshold and condition that did not hold."""
        conditions = [f"{each.name}: {each.said}" for each in self.conditions if each.held is False]
        return self.thresholds.broken(self.measurement, self._steady()) + conditions

    def report(self) -> dict[str, Any]:
        """Return the report. Latencies are in milliseconds, all other times in seconds; `at` counts from the end of the warm-up."""
        plan, measurement = self.plan, self.measurement
        return {
            "url": self.url,
            "loop": "closed" if plan.rate is None else "open",
            "clients": plan.clients if plan.rate is None else None,
            "rate": plan.rate,
            "seed": plan.seed,
            "warm_up_seconds": plan.warm_up,
            "started": datetime.fromtimestamp(measurement.started, UTC).isoformat(timespec="milliseconds"),
            "interrupted": self.interrupted,
            "whole": figures(measurement, self.extra),
            "steady": {"from_second": self.steady_from} | figures(self._steady(), self.extra) if self.steady_from else None,
            "replicas": None if self.replicas is None else _replicas(self.replicas, measurement.started, self.ended),
            "gauges": _gauges(self.gauges, measurement.started),
            "per_second": _seconds(measurement, self.extra),
            "thresholds": self.thresholds.described(),
            "conditions": [asdict(each) for each in self.conditions],
            "broken_thresholds": self.broken(),
        }

    def _steady(self) -> Measurement:
        return self.measurement.since(self.steady_from)


def figures(measurement: Measurement, extra: Extra | None = None) -> dict[str, Any]:
    """Return the figures of all requests, and of those of each version."""
    requests = len(measurement.samples)
    versions = {
        name: {"share": round(len(part.samples) / requests, 4)} | _figures(part, extra) for name, part in measurement.by_version().items()
    }
    return _figures(measurement, extra) | {"versions": versions}


def _figures(measurement: Measurement, extra: Extra | None) -> dict[str, Any]:
    return {
        "requests": len(measurement.samples),
        "seconds": round(measurement.seconds, 3),
        "answers_per_second": round(measurement.per_second, 1),
        "success_rate": measurement.success_rate,
        "failures": measurement.failures,
        "latency_ms": _spread([1000 * seconds for seconds in measurement.latencies]),
        "extra": _extra(measurement, extra),
    }


def _extra(measurement: Measurement, extra: Extra | None) -> dict[str, Any] | None:
    if extra is None:
        return None
    found = extra.figures(measurement).items()
    return {name: _spread(value) if isinstance(value, list) else None if value is None else round(value, 3) for name, value in found}


def _spread(values: list[float]) -> dict[str, float] | None:
    if not values:
        return None
    ascending = sorted(values)
    spread = {
        "avg": sum(ascending) / len(ascending),
        **{f"p{rank}": percentile(ascending, rank) for rank in (50, 95, 99)},
        "max": ascending[-1],
    }
    return {name: round(value, 3) for name, value in spread.items()}


def _seconds(measurement: Measurement, extra: Extra | None) -> list[dict[str, Any]]:
    due: defaultdict[int, list[Sample]] = defaultdict(list)
    for sample in measurement.samples:
        due[int(sample.due)].append(sample)
    return [
        {
            "at": second.at,
            "due": len(second.latencies),
            "failed": second.failures,
            "p50_ms": _ms(percentile(second.latencies, 50)) if second.latencies else None,
            "p95_ms": _ms(percentile(second.latencies, 95)) if second.latencies else None,
            "answered": second.answered,
            "extra": _extra(Measurement(tuple(due[second.at]), 1.0, measurement.started), extra),
        }
        for second in by_second(measurement)
    ]


def _replicas(changes: list[Replicas], started: float, ended: float) -> dict[str, Any]:
    return {
        "watched_until": round(ended - started, 1),
        "first": changes[0].ready,
        "max": max(change.ready for change in changes),
        "last": changes[-1].ready,
        "changes": [
            {
                "at": round(change.at - started, 1),
                "ready": change.ready,
                "total": change.total,
                "versions": {name: {"ready": count.ready, "total": count.total} for name, count in change.versions.items()},
            }
            for change in changes
        ],
    }


def _gauges(gauges: Gauges, started: float) -> dict[str, list[dict[str, float]]]:
    return {name: [{"at": round(at - started, 1), "value": value} for at, value in values] for name, values in gauges.items()}


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)
