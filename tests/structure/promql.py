"""Metrics and labels that a query names. promtool checks the grammar (tests/engine/test_alerts.py)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

WORDS = {"by", "without", "on", "ignoring", "group_left", "group_right", "and", "or", "unless", "bool", "offset", "inf", "nan"}
GROUPING = re.compile(r"\b(by|without|on|ignoring|group_left|group_right)\s*\(([^()]*)\)")
SELECTOR = re.compile(r"(?P<metric>[a-zA-Z_:][\w:]*)?\{(?P<matchers>[^{}]*)\}")
MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
TEXT = re.compile(r'"[^"]*"')
RANGE = re.compile(r"\[[^\]]*\]")
NAME = re.compile(r"[a-zA-Z_:][\w:]*")


@dataclass(frozen=True)
class Named:
    """`matched`: (metric, label, value) of every matcher. `grouped`: labels by which results are grouped or joined. `made`: new labels."""

    metrics: frozenset[str]
    matched: frozenset[tuple[str, str, str]]
    grouped: frozenset[str]
    made: frozenset[str]


def named(query: str) -> Named:
    matched = {
        (selector["metric"] or "", label, value)
        for selector in SELECTOR.finditer(query)
        for label, _, value in MATCHER.findall(selector["matchers"])
    }
    made = frozenset(re.findall(r'"(\w+)", "\$1", "\w+"', query))
    bare = SELECTOR.sub(lambda selector: f"{selector['metric'] or ''} ", query)
    grouped = {label.strip() for _, labels in GROUPING.findall(bare) for label in labels.split(",") if label.strip()}
    bare = RANGE.sub(" ", TEXT.sub(" ", GROUPING.sub(" ", bare)))
    functions = {match[0] for match in re.finditer(r"[a-zA-Z_]\w*(?=\s*\()", bare)}
    names = {match[0] for match in NAME.finditer(re.sub(r"\b[0-9][\w.]*", " ", bare))}
    return Named(frozenset(names - functions - WORDS), frozenset(matched), frozenset(grouped), made)


def selected(query: str, labels: Mapping[str, str]) -> list[bool]:
    """Return for each selector of the query whether its matchers fit these labels. A matcher of a label that is not given fits."""
    return [
        all(_fits(operator, value, labels[label]) for label, operator, value in MATCHER.findall(selector["matchers"]) if label in labels)
        for selector in SELECTOR.finditer(query)
    ]


def _fits(operator: str, value: str, actual: str) -> bool:
    """Prometheus anchors its regular expressions at both ends."""
    found = bool(re.fullmatch(value, actual)) if "~" in operator else value == actual
    return found != operator.startswith("!")
