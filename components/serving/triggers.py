"""A query of Prometheus that replicas follow."""

from __future__ import annotations

from string import Template
from typing import Annotated, Literal

from pydantic import Field, field_validator

from components.base import Args

AGGREGATES = ("sum(", "max(", "min(", "avg(", "count(", "histogram_quantile(")


class PrometheusTrigger(Args):
    """`query` selects the model's own pods by `$pods` and answers one number; more than one is an error to KEDA
    (keda:pkg/scalers/prometheus_scaler.go@v2.21.0). `AverageValue`: threshold per replica; `Value`: threshold of the whole.
    """

    name: Annotated[str, Field(pattern=r"^[a-z]([a-z0-9-]*[a-z0-9])?$")]
    query: str
    threshold: Annotated[float, Field(gt=0)]
    metric_type: Literal["AverageValue", "Value"]

    @field_validator("query")
    @classmethod
    def _one_number_of_its_own_pods(cls, query: str) -> str:
        if not query.startswith(AGGREGATES):
            raise ValueError(f"{query!r} may answer with a series per pod; begin it with one of {', '.join(AGGREGATES)}")
        if "$pods" not in query:
            raise ValueError(f"{query!r} counts the pods of every model; select by {{$pods}}")
        return query

    def fields(self, prometheus: str, pods: str) -> dict[str, object]:
        """Return it in KEDA's form: every value of the metadata is text."""
        return {
            "type": "prometheus",
            "name": self.name,
            "metricType": self.metric_type,
            "metadata": {
                "serverAddress": prometheus,
                "query": Template(self.query).substitute(pods=pods),
                "threshold": f"{self.threshold:g}",
                # Otherwise a broken scrape looks like no load, and the fallback never begins.
                "ignoreNullValues": "false",
            },
        }
