"""The catalogue against a real scrape by the node's own Prometheus, under a little load.

DCGM is left out: it takes a GPU's driver. SmolLM's start takes minutes, so this belongs to `make acceptance`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from bench.extras import MONITOR_LABELS, PROMETHEUS_URL
from components.observability.catalogue import DCGM, METRICS, Metric
from scripts.mlops.load.plan import Plan
from scripts.mlops.prometheus import connected
from tests.node import platform, smollm
from tests.stack_files import MNIST, SMOLLM
from tests.waiting import wait_for

pytestmark = [pytest.mark.node, pytest.mark.acceptance]

Ask = Callable[..., Any]
"""Path below /api/v1 and its fields → the answer's data."""

SHOWN_SECONDS = 180
"""Until Prometheus has read and evaluated a new rule. A scrape takes 15 seconds."""

ALWAYS = {
    "apiVersion": "monitoring.coreos.com/v1",
    "kind": "PrometheusRule",
    "metadata": {"name": "always", "namespace": smollm.NAMESPACE, "labels": MONITOR_LABELS},
    "spec": {"groups": [{"name": "always", "rules": [{"alert": "Always", "expr": "vector(1)", "labels": {"severity": "none"}}]}]},
}


@pytest.fixture(scope="module")
def ask(up: platform.Done) -> Iterator[Ask]:
    """Ask Prometheus on a node where every model has answered since Prometheus runs."""
    smollm.succeeded(up)
    to = smollm.brought_up()
    with an_alert():
        for load in (smollm.whole(to, Plan(requests=5, clients=1)), smollm.streamed(to, Plan(requests=5, clients=1), tokens=16)):
            assert load.result().failures == {}
        assert platform.answers(platform.endpoint())
        with connected(PROMETHEUS_URL, platform.shell()) as prometheus:
            yield prometheus.data


@contextmanager
def an_alert() -> Iterator[None]:
    """Let one alert fire: without one, ALERTS has no series."""
    platform.kubectl("apply", "--filename", "-", stdin=json.dumps(ALWAYS))
    try:
        yield
    finally:
        platform.kubectl("delete", "prometheusrule", "always", "--namespace", smollm.NAMESPACE)


def test_every_monitor_finds_something_and_every_scrape_succeeds(ask: Ask) -> None:
    wait_for(lambda: all(target["health"] != "unknown" for target in _targets(ask)), 60, "every target to have been scraped")
    assert {target["scrapeUrl"]: target["lastError"] for target in _targets(ask) if target["health"] != "up"} == {}
    monitors = platform.kubectl.json("get", "podmonitors,servicemonitors", "--all-namespaces")["items"]
    wanted = {f"{item['kind']}/{item['metadata']['namespace']}/{item['metadata']['name']}".lower() for item in monitors}
    assert {target["scrapePool"].rpartition("/")[0].lower() for target in _targets(ask)} == wanted


def _targets(ask: Ask) -> list[dict[str, Any]]:
    return list(ask("targets", state="active")["activeTargets"])


def test_the_targets_of_a_model_carry_its_name(ask: Ask) -> None:
    found = ask("query", query='count by (model, inferenceservice) (up{model!=""})')["result"]
    assert {each["metric"]["model"] for each in found} >= {MNIST, SMOLLM}
    assert all(each["metric"]["inferenceservice"].startswith(each["metric"]["model"]) for each in found)


def test_every_rule_is_evaluated(ask: Ask) -> None:
    wait_for(lambda: all(rule["health"] != "unknown" for rule in _rules(ask)), 60, "every rule to have been evaluated")
    assert _rules(ask)
    assert {rule["name"]: rule["lastError"] for rule in _rules(ask) if rule["health"] != "ok"} == {}


def _rules(ask: Ask) -> list[dict[str, Any]]:
    return [rule for group in ask("rules")["groups"] for rule in group["rules"]]


@pytest.mark.parametrize("metric", [metric for metric in METRICS if metric.exporter != DCGM], ids=lambda metric: metric.name)
def test_a_metric_has_the_labels_and_bounds_of_the_catalogue(ask: Ask, metric: Metric) -> None:
    for series in metric.series:
        found = wait_for(partial(_labels, ask, series), SHOWN_SECONDS, f"series of {series}")
        assert any(labels.keys() >= set(metric.labels) for labels in found), f"{series}: none of {found[:3]} has {metric.labels}"
    if metric.bounds:
        bounds = {float(labels["le"]) for labels in _labels(ask, f"{metric.name}_bucket")}
        assert sorted(bounds) == [*metric.bounds, math.inf]


def _labels(ask: Ask, series: str) -> list[dict[str, str]]:
    """Return the labels of each series with this name."""
    return [each["metric"] for each in ask("query", query=f'{{__name__="{series}"}}')["result"]]
