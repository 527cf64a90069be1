"""All dashboards and rules of a stack with GPUs and a model of each kind, two of them language models."""

from __future__ import annotations

import functools

from components.observability.dashboards.panels import WINDOW, Dashboard
from components.observability.observability import RUNBOOKS, ObservabilityArgs, dashboards, groups
from components.observability.rules import Alert, Group, Record
from tests.models import CHAT, classifier, custom, text_generation

ARGS = ObservabilityArgs(models=[classifier(), text_generation(), text_generation(CHAT), custom()], gpus=True)
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
    """Return every query under a name that says where it is."""
    return queries_of(all_groups(), all_dashboards())


def queries_of(groups: list[Group], dashboards: list[Dashboard]) -> dict[str, str]:
    """Grafana's variable for the window is replaced by one that Prometheus reads."""
    rules = [rule for group in groups for rule in group.rules]
    found = {f"{rule.name} {number}": rule.expr for number, rule in enumerate(rules)}
    for dashboard in dashboards:
        for panel in dashboard.panels:
            for number, query in enumerate(panel.queries):
                found[f"{dashboard.uid}/{panel.title}/{number}"] = query.expr.replace(WINDOW, "5m")
    return found
