"""All rules, by subject."""

from __future__ import annotations

from collections.abc import Mapping

from policies.rules import aws, cost, kubernetes, serving
from policies.rules.rule import Rule, StackRule

SUBJECTS: Mapping[str, tuple[Rule | StackRule, ...]] = {
    "AWS": aws.RULES,
    "Kubernetes": kubernetes.RULES,
    "Serving": serving.RULES,
    "Cost": cost.RULES,
}
RULES: tuple[Rule | StackRule, ...] = tuple(rule for rules in SUBJECTS.values() for rule in rules)
