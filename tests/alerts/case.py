"""One situation, as series, and which alerts fire in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Series = dict[str, str]
"""A series in Prometheus' notation → its values, one for each interval: `0+5x3` is 0, 5, 10, 15; `1x3` is 1, 1, 1, 1; `_` is none."""


@dataclass(frozen=True)
class Case:
    """`firing`: some labels of each alert that fires; empty: none fires. `at`: the time of the check after the first value.

    `interval`: the time between values, and between evaluations.
    """

    alert: str
    says: str
    series: Series = field(default_factory=dict)
    at: str = "15m"
    firing: tuple[dict[str, str], ...] = ()
    interval: str = "1m"

    def fields(self) -> dict[str, Any]:
        """Return a test of `promtool test rules`."""
        found = f'ALERTS{{alertname="{self.alert}",alertstate="firing"}}'
        by = ", ".join(self.firing[0]) if self.firing else ""
        return {
            "name": f"{self.alert}: {self.says}",
            "interval": self.interval,
            "input_series": [{"series": series, "values": values} for series, values in self.series.items()],
            "promql_expr_test": [
                {
                    "expr": f"group by ({by}) ({found})" if self.firing else found,
                    "eval_time": self.at,
                    "exp_samples": [{"labels": _written(labels), "value": 1} for labels in self.firing],
                }
            ],
        }


def histogram(name: str, labels: str, cumulated: dict[str, str]) -> Series:
    """`cumulated`: bound → values. The last bound is `+Inf`, whose values are the count too."""
    buckets = {f'{name}_bucket{{{labels},le="{bound}"}}': values for bound, values in cumulated.items()}
    return {**buckets, f"{name}_count{{{labels}}}": cumulated["+Inf"]}


def _written(labels: dict[str, str]) -> str:
    return "{" + ", ".join(f'{name}="{value}"' for name, value in labels.items()) + "}"
