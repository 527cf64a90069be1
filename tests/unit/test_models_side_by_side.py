"""Models beside each other: nothing of one has the name of something of the other, and no query of one reads series of the other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pulumi
import pytest

from components.observability.dashboards.model import LONGEST_UID, model
from components.observability.observability import ObservabilityArgs, dashboards, groups, groups_of
from components.observability.rules import specification
from components.observability.slo import BURNS
from components.observability.variants import variants_of
from components.prometheus import Prometheus
from components.serving.metrics import endpoints, pod_monitor
from components.serving.model import Model, Part
from tests.graph.recording import record_component
from tests.models import CHAT, TEXT_GENERATION, classifier, custom, declared, text_generation
from tests.observed import queries_of
from tests.structure.promql import selected

ONE_VERSION = {"source": "s3://models/llama/1b"}
PAIRS = [
    (text_generation("llama", **ONE_VERSION), text_generation("llama-chat", **ONE_VERSION)),
    (text_generation("llama"), text_generation("llama-v3", **ONE_VERSION)),
    (text_generation("llama"), text_generation("llama-v2-x")),
    (classifier("digits"), classifier("digits-2")),
    (classifier("digits"), custom("digits-custom")),
    (custom("iris"), custom("my-iris")),
    (classifier("digits", namespace="one"), classifier("digits", namespace="two")),
    (text_generation("llama", namespace="one"), text_generation("llama", namespace="two")),
]
BOTH_WAYS = [pair for one, other in PAIRS for pair in ((one, other), (other, one))]
EVERY_KIND = [classifier(), text_generation(), text_generation(CHAT), custom()]


def world(served: Model) -> Iterator[dict[str, str]]:
    """The labels by which series of a model differ from those of another one, for each of its pods, all exporters together."""
    for part in served.parts:
        deployment = _deployment(served, part)
        yield {
            "namespace": served.namespace,
            "service": served.name,
            "model": served.name,
            "inferenceservice": part.name,
            "pod": f"{deployment}-5f7d9c-x2x4z",
            "exported_namespace": served.namespace,
            "exported_pod": f"{deployment}-5f7d9c-x2x4z",
            "deployment": deployment,
            "horizontalpodautoscaler": f"{'keda-hpa-' if served.triggers else ''}{part.name}-predictor",
            "envoy_cluster_name": f"httproute/{served.namespace}/{served.name}/rule/0/backend/0",
            "k8s_namespace_name": served.namespace,
            "kn_configuration_name": f"{served.name}-predictor",
            "kn_revision_name": f"{served.name}-predictor-00001",
            # The labels that a selector requires of every series.
            "revision": f"{served.name}-predictor-00001",
            "image": "some",
        }


def _deployment(served: Model, part: Part) -> str:
    return f"{served.name}-predictor-00001-deployment" if served.entry.on_knative else f"{part.name}-predictor"


def own_queries(served: Model) -> dict[str, str]:
    return queries_of(groups_of(served), [model(served)])


@pytest.mark.parametrize(("one", "other"), BOTH_WAYS, ids=lambda each: each.name)
def test_no_selector_of_a_model_matches_series_of_another_one(one: Model, other: Model) -> None:
    for where, query in own_queries(one).items():
        for series in world(one):
            assert all(selected(query, series)), f"{where} does not see {series}"
        for series in world(other):
            assert not any(selected(query, series)), f"{where} sees {series}"


@pytest.mark.parametrize(("one", "other"), PAIRS[:-2], ids=lambda each: each.name)
def test_nothing_of_two_models_has_the_same_name(one: Model, other: Model) -> None:
    args = ObservabilityArgs(models=[one, other], gpus=True)
    names = [group.name for group in groups(args)]
    assert len(set(names)) == len(names)
    uids = [dashboard.uid for dashboard in dashboards(args)]
    assert len(set(uids)) == len(uids)
    assert len({dashboard.title for dashboard in dashboards(args)}) == len(uids)
    for served in (one, other):
        alerts = [alert for group in groups_of(served) for alert in group.alerts]
        assert {alert.labels["service"] for alert in alerts} == {served.name}


def test_an_alert_of_a_model_is_told_apart_by_its_labels() -> None:
    """Prometheus would take two rules of one name and the same labels for one alert."""
    rules = [
        rule for group in specification(groups(ObservabilityArgs(models=EVERY_KIND, gpus=True)), "")["groups"] for rule in group["rules"]
    ]
    keys = [json.dumps([rule.get("alert", rule.get("record")), rule.get("labels")], sort_keys=True) for rule in rules]
    twice = {key for key in keys if keys.count(key) > 1}
    assert twice == set()


def test_runbooks_do_not_grow_with_models() -> None:
    def names(models: list[Model]) -> set[str]:
        return {alert.name for group in groups(ObservabilityArgs(models=models, gpus=True)) for alert in group.alerts}

    few = names([classifier(), text_generation()])
    assert names([*EVERY_KIND, *(text_generation(f"model-{number}") for number in range(5))]) == few
    assert not [name for name in few if "smollm" in name.lower() or "mnist" in name.lower()]
    assert names([classifier()]) < few, "a kind of server has alerts of its own"


def test_a_custom_model_has_dashboard_alerts_and_objective() -> None:
    served = custom("iris", objective={"latencySeconds": 0.25, "availability": 0.99})
    board = model(served)
    assert (board.uid, board.title) == ("inference-model-iris", "Inference / iris")
    assert [section.title for section in board.sections] == ["What users get", "Replicas"]
    assert [panel.limit for panel in board.sections[0].panels] == [None, 250, pytest.approx(0.01)]
    (replicas,) = [panel for panel in board.panels if panel.title == "Replicas"]
    assert 'horizontalpodautoscaler=~"(iris)-predictor"' in replicas.queries[1].expr, "KServe's autoscaler, not KEDA's"
    assert [group.name for group in groups_of(served)] == ["traffic-iris", "slo-iris"]
    alerts = {alert.name: alert for group in groups_of(served) for alert in group.alerts}
    assert set(alerts) == {
        *("LatencyP95High", "InferenceErrorRateHigh", "InferenceServiceNotReady"),
        *("AvailabilityBudgetBurn", "LatencyBudgetBurn"),
    }
    assert "> 250 and" in alerts["LatencyP95High"].expr
    assert alerts["LatencyP95High"].labels == {"service": "iris", "namespace": "default"}


def test_a_custom_model_on_gpus_and_knative_has_what_follows_from_that() -> None:
    gpus = custom(server={"kind": "custom", "image": "registry.example/iris:1", "gpus": 1})
    assert [section.title for section in model(gpus).sections] == ["What users get", "Replicas", "GPUs"]
    knative = custom(scaling={"metric": "rps"})
    assert [section.title for section in model(knative).sections] == ["What users get", "Replicas", "Versions"]
    assert "Concurrency" not in [panel.title for panel in model(knative).panels], "it scales by requests per second"
    assert [group.name for group in groups_of(knative)] == ["traffic-iris-classifier", "slo-iris-classifier", "variants-iris-classifier"]


def test_a_language_model_has_the_sections_and_alerts_of_its_kind() -> None:
    served = text_generation()
    assert [section.title for section in model(served).sections] == [
        *("What users get", "Replicas", "Versions"),
        *("Tokens", "Queue and cache", "GPUs"),
    ]
    assert [group.name for group in groups_of(served)] == [
        f"{subject}-{TEXT_GENERATION}" for subject in ("traffic", "slo", "variants", "generation")
    ]
    (replicas,) = [panel for panel in model(served).panels if panel.title == "Replicas"]
    assert f'"keda-hpa-({TEXT_GENERATION}|{TEXT_GENERATION}-v2)-predictor"' in replicas.queries[1].expr


def test_the_address_of_a_dashboard_fits_grafana_and_stays_unique() -> None:
    names = ["a", "x" * 24, "x" * 25, "x" * 60 + "-1", "x" * 60 + "-2"]
    uids = [model(custom(name)).uid for name in names]
    assert uids[:2] == ["inference-model-a", f"inference-model-{'x' * 24}"]
    assert len(set(uids)) == len(names)
    assert max(map(len, uids)) == LONGEST_UID


def test_versions_are_compared_by_what_counts_their_requests() -> None:
    knative, vllm = variants_of(classifier()), variants_of(text_generation())
    assert knative
    assert vllm
    assert (knative.label, knative.failed) == ("revision", 'http_response_status_code=~"[45].."')
    assert (vllm.label, vllm.failed) == ("inferenceservice", 'status=~"[45]xx"')
    assert variants_of(custom(scaling={"metric": "concurrency"})) == knative.model_copy(
        update={"model": custom(scaling={"metric": "concurrency"})}
    )
    assert variants_of(custom()) is None, "in Standard mode nothing counts the answers of an unknown server"


def test_a_burn_rate_that_no_share_of_requests_reaches_is_left_out() -> None:
    strict, loose = custom(), custom(objective={"availability": 0.9})

    def windows(served: Model) -> list[str]:
        alerts = [alert for group in groups_of(served) for alert in group.alerts]
        return [alert.labels["window"] for alert in alerts if alert.name == "AvailabilityBudgetBurn"]

    assert windows(strict) == [burn.long for burn in BURNS]
    assert windows(loose) == ["6h", "1d", "3d"], "14.4 times a tenth is more than all requests"


def test_pods_are_scraped_where_their_server_has_metrics_and_labelled_with_their_model() -> None:
    constant = {"targetLabel": "model", "replacement": "mnist-classifier"}
    own, proxy = endpoints(classifier())
    assert (own["portNumber"], own["path"]) == (8080, "/metrics")
    assert (proxy["port"], proxy["path"]) == ("http-usermetric", "/metrics")
    assert own["relabelings"][0] == proxy["relabelings"][0] == constant
    (only,) = endpoints(text_generation())
    assert [label["targetLabel"] for label in only["relabelings"]] == ["model", "inferenceservice", "revision"]
    server = {"kind": "custom", "image": "registry.example/iris:1", "port": 9000, "metrics": "/stats"}
    (only,) = endpoints(custom(server=server))
    assert (only["portNumber"], only["path"]) == (9000, "/stats")
    (only,) = endpoints(custom(scaling={"metric": "rps"}))
    assert only["port"] == "http-usermetric"


def test_a_monitor_selects_the_pods_of_all_versions_and_is_left_out_where_nothing_has_metrics() -> None:
    def monitors(served: Model) -> list[dict[str, Any]]:
        prometheus = Prometheus(url="http://prometheus:9090", labels={"release": "prometheus"})
        graph = record_component(lambda: pod_monitor(served, prometheus, pulumi.ResourceOptions()))
        return [item.inputs for item in graph.of_kind("PodMonitor")]

    (found,) = monitors(text_generation())
    assert found["spec"]["selector"] == {
        "matchExpressions": [
            {"key": "serving.kserve.io/inferenceservice", "operator": "In", "values": [TEXT_GENERATION, f"{TEXT_GENERATION}-v2"]}
        ]
    }
    assert found["metadata"]["labels"]["release"] == "prometheus"
    assert monitors(custom()) == []


def test_a_stack_without_models_has_rules_of_the_platform_only() -> None:
    args = ObservabilityArgs(models=[], gpus=False)
    assert [group.name for group in groups(args)] == ["platform", "rollouts"]
    assert [dashboard.uid for dashboard in dashboards(args)] == ["inference-platform", "inference-rollout"]


def test_every_kind_names_sections_and_alerts_that_exist() -> None:
    for served in [*EVERY_KIND, declared("a", server={"kind": "pytorch"}, source="s3://models/a/a.pt")]:
        assert model(served).sections
        assert groups_of(served)
