"""Dashboards, rules and targets as objects: their labels and names, and those that are left out together with a part of the stack."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.observability.observability import Observability, ObservabilityArgs
from components.platform.monitoring import DASHBOARD_LABEL
from tests.graph.recording import Graph, record_component
from tests.graph.stacks import recorded as stack
from tests.models import CLASSIFIER, TEXT_GENERATION, classifier
from tests.observed import ARGS


def recorded(**args: Any) -> Graph:  # noqa: ANN401 - any argument of the component
    complete = {"models": ARGS.models, "gpus": True, **args}
    return record_component(lambda: Observability("observability", ObservabilityArgs(**complete)))


@pytest.fixture(scope="module")
def whole() -> Graph:
    return recorded()


def alerts(graph: Graph) -> list[dict[str, Any]]:
    groups = [group for rule in graph.of_kind("PrometheusRule") for group in rule.inputs["spec"]["groups"]]
    return [rule for group in groups for rule in group["rules"] if "alert" in rule]


def test_grafanas_sidecar_finds_every_dashboard(whole: Graph) -> None:
    maps = whole.of_kind("ConfigMap")
    models = {f"inference-model-{name}" for name in (CLASSIFIER, TEXT_GENERATION, "iris-classifier")}
    assert {item.name for item in maps} > {"inference-gpus", "inference-platform", "inference-rollout", *models}
    assert len(maps) == 3 + len(ARGS.models)
    for item in maps:
        assert DASHBOARD_LABEL.items() <= item.inputs["metadata"]["labels"].items()
        ((file, text),) = item.inputs["data"].items()
        assert file == f"{item.name}.json"
        assert json.loads(text)["uid"] == item.name


def test_a_kind_that_no_model_has_is_neither_shown_nor_alerted_on() -> None:
    graph = recorded(models=[classifier()], gpus=False)
    boards = {item.name for item in graph.of_kind("ConfigMap")}
    assert boards == {f"inference-model-{CLASSIFIER}", "inference-platform", "inference-rollout"}
    named = {alert["alert"] for alert in alerts(graph)}
    assert "LatencyP95High" in named
    assert not [name for name in named if name.startswith(("TimeToFirst", "LLM", "Gpu", "Dcgm"))]
    assert "vllm:" not in json.dumps([item.inputs for item in graph])


def test_every_model_has_an_object_for_each_subject(whole: Graph) -> None:
    rules = {item.inputs["metadata"]["name"] for item in whole.of_kind("PrometheusRule")}
    assert {name for name in rules if name.endswith(f"-{TEXT_GENERATION}")} == {
        f"{subject}-{TEXT_GENERATION}" for subject in ("traffic", "slo", "variants", "generation")
    }
    assert {name for name in rules if name.endswith("-iris-classifier")} == {"traffic-iris-classifier", "slo-iris-classifier"}


def test_a_label_fits_kubernetes_however_long_the_model_is_called() -> None:
    long = classifier("m" * 60)
    for item in recorded(models=[long]).of_kind("PrometheusRule", "ConfigMap"):
        assert all(len(value) <= 63 for value in item.inputs["metadata"]["labels"].values()), item.name


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
    """Otherwise every ScaledObject and every certificate would get the namespace of its exporter."""
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
    assert graph.comes_after(f"ConfigMap/inference-model-{CLASSIFIER}", "Namespace/monitoring")
    assert {alert["alert"] for alert in alerts(graph)} == {alert["alert"] for alert in alerts(recorded())}
