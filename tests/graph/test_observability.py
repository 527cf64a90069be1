"""Dashboards, rules and targets as objects: who finds them, and what is left out with what is not there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.observability.observability import Observability, ObservabilityArgs
from components.observability.queries import ServedModel
from components.observability.slo import Objective
from components.platform.monitoring import DASHBOARD_LABEL
from tests.graph.recording import Graph, record_component
from tests.graph.stacks import recorded as stack

MNIST = Objective(model=ServedModel(name="mnist-classifier", namespace="default"), seconds=0.1)
SMOLLM = Objective(model=ServedModel(name="smollm-text-generation", namespace="default"), seconds=0.5)


def recorded(**args: Any) -> Graph:  # noqa: ANN401 - any argument of the component
    complete = {"mnist": MNIST, "smollm": SMOLLM, "gpus": True, **args}
    return record_component(lambda: Observability("observability", ObservabilityArgs(**complete)))


@pytest.fixture(scope="module")
def whole() -> Graph:
    return recorded()


def alerts(graph: Graph) -> list[dict[str, Any]]:
    groups = [group for rule in graph.of_kind("PrometheusRule") for group in rule.inputs["spec"]["groups"]]
    return [rule for group in groups for rule in group["rules"] if "alert" in rule]


def test_grafanas_sidecar_finds_every_dashboard(whole: Graph) -> None:
    maps = whole.of_kind("ConfigMap")
    assert sorted(item.name for item in maps) == [
        "inference-gpus",
        "inference-mnist",
        "inference-platform",
        "inference-rollout",
        "inference-smollm",
    ]
    for item in maps:
        assert DASHBOARD_LABEL.items() <= item.inputs["metadata"]["labels"].items()
        ((file, text),) = item.inputs["data"].items()
        assert file == f"{item.name}.json"
        assert json.loads(text)["uid"] == item.name


def test_what_is_not_served_is_neither_shown_nor_alerted_on() -> None:
    graph = recorded(smollm=None, gpus=False)
    assert {item.name for item in graph.of_kind("ConfigMap")} == {"inference-mnist", "inference-platform", "inference-rollout"}
    named = {alert["alert"] for alert in alerts(graph)}
    assert "MnistLatencyP95High" in named
    assert not [name for name in named if name.startswith(("SmolLM", "LLM", "Gpu", "Dcgm"))]
    assert "smollm" not in json.dumps([item.inputs for item in graph])


def test_an_alert_leads_to_its_runbook_wherever_people_read_it(whole: Graph) -> None:
    assert {alert["annotations"]["runbook_url"] for alert in alerts(whole) if alert["alert"] == "GpuHot"} == {"docs/runbooks/GpuHot.md"}
    hosted = recorded(runbooks="https://git.example/platform/docs/runbooks")
    assert all(alert["annotations"]["runbook_url"].startswith("https://git.example/platform/docs/runbooks/") for alert in alerts(hosted))


def test_a_prometheus_that_chooses_by_labels_finds_rules_and_targets() -> None:
    graph = recorded(selector={"prometheus": "bench"})
    objects = graph.of_kind("PrometheusRule", "PodMonitor")
    assert len(objects) > 8
    assert all(item.inputs["metadata"]["labels"]["prometheus"] == "bench" for item in objects)


def test_a_prometheus_of_others_has_rules_and_targets_and_no_dashboards() -> None:
    graph = recorded(grafana=False, namespace="default")
    assert not graph.of_kind("ConfigMap")
    assert {alert["alert"] for alert in alerts(graph)} == {alert["alert"] for alert in alerts(recorded())}
    assert {item.inputs["metadata"]["namespace"] for item in graph.of_kind("PrometheusRule", "PodMonitor")} == {"default"}


def test_series_about_other_namespaces_keep_them(whole: Graph) -> None:
    """Otherwise every ScaledObject and every certificate would be in the namespace of who speaks of it."""
    honoured = {monitor.name: monitor.inputs["spec"]["podMetricsEndpoints"][0]["honorLabels"] for monitor in whole.of_kind("PodMonitor")}
    assert honoured == {
        "knative-serving-metrics": False,
        "inference-gateway-metrics": False,
        "keda-operator-metrics": True,
        "cert-manager-metrics": True,
    }


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_a_stack_with_monitoring_has_all_of_it_after_the_operators_crds(name: str) -> None:
    graph = stack(name)
    for item in graph.of_kind("PrometheusRule"):
        assert graph.comes_after(item.key, "Release/prometheus-operator-crds")
    assert graph.comes_after("ConfigMap/inference-mnist", "Namespace/monitoring")
    assert {alert["alert"] for alert in alerts(graph)} == {alert["alert"] for alert in alerts(recorded())}
