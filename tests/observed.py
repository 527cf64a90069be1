"""Everything that is shown and alerted on, as a stack with both services and GPUs has it."""

from __future__ import annotations

import functools

from components.observability.dashboards.panels import WINDOW, Dashboard
from components.observability.observability import RUNBOOKS, ObservabilityArgs, dashboards, groups
from components.observability.rules import Alert, Group, Record
from stacks.observability import MNIST_OBJECTIVE, SMOLLM_OBJECTIVE

ARGS = ObservabilityArgs(mnist=MNIST_OBJECTIVE, smollm=SMOLLM_OBJECTIVE, gpus=True)
RUNBOOK_FOLDER = RUNBOOKS


@functools.cache
def all_groups() -> list[Group]:
    return groups(ARGS)


@functools.cache
def all_dashboards() -> list[Dashboard]:
    return dashboards(ARGS)


def rules() -> list[Alert | Record]:
    return [rule for group in all_groups() for rule in group.rules]


def alerts() -> list[Alert]:
    return [alert for group in all_groups() for alert in group.alerts]


def records() -> list[Record]:
    return [rule for rule in rules() if isinstance(rule, Record)]


def queries() -> dict[str, str]:
    """By a name that says where it stands; Grafana's own variable is a window like any other."""
    found = {f"{rule.name} {number}": rule.expr for number, rule in enumerate(rules())}
    for dashboard in all_dashboards():
        for panel in dashboard.panels:
            for number, query in enumerate(panel.queries):
                found[f"{dashboard.uid}/{panel.title}/{number}"] = query.expr.replace(WINDOW, "5m")
    return found
