"""Typed rules of Prometheus, and the PrometheusRule that the operator reads."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from components.base import Args
from components.platform.alert_receivers import Severity
from components.serving.model import Model

Duration = Annotated[str, Field(pattern=r"^[0-9]+[smhd]$")]


class Alert(Args):
    """`lasting`: how long `expr` must have held. `description` says what to do first; the runbook of the same name says more."""

    name: Annotated[str, Field(pattern=r"^[A-Z][A-Za-z0-9]+$")]
    expr: str
    lasting: Duration
    severity: Severity
    summary: str
    description: str
    labels: dict[str, str] = Field(default_factory=dict)

    def fields(self, runbooks: str) -> dict[str, Any]:
        annotations = {"summary": self.summary, "description": self.description, "runbook_url": f"{runbooks}/{self.name}.md"}
        return {
            "alert": self.name,
            "expr": self.expr,
            "for": self.lasting,
            "labels": {**self.labels, "severity": self.severity},
            "annotations": annotations,
        }


class Record(Args):
    """A query whose result is kept as a series of its own. Its name is `<level>:<metric>:<operations>`, by Prometheus' convention."""

    name: Annotated[str, Field(pattern=r"^[a-z]+:[a-z_0-9]+:[a-z_0-9]+$")]
    expr: str
    labels: dict[str, str] = Field(default_factory=dict)

    def fields(self, runbooks: str) -> dict[str, Any]:  # noqa: ARG002 - only an alert has a runbook
        return {"record": self.name, "expr": self.expr, **({"labels": self.labels} if self.labels else {})}


class Group(Args):
    """Rules that are evaluated one after another, so a later one sees what an earlier one has just recorded."""

    name: str
    rules: list[Alert | Record]

    @property
    def alerts(self) -> list[Alert]:
        return [rule for rule in self.rules if isinstance(rule, Alert)]


def about(model: Model) -> dict[str, str]:
    """Return the labels of every rule that is about one model."""
    return {"service": model.name, "namespace": model.namespace}


def selector(labels: dict[str, str]) -> str:
    """Return the matchers of exactly these labels."""
    return ",".join(f'{name}="{value}"' for name, value in labels.items())


def specification(groups: list[Group], runbooks: str) -> dict[str, Any]:
    """Return the specification of a PrometheusRule, which `promtool` reads too.

    `runbooks`: a folder or an address, without a slash at its end.
    """
    return {"groups": [{"name": group.name, "rules": [rule.fields(runbooks) for rule in group.rules]} for group in groups]}
