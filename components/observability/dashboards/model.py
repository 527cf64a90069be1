"""The dashboard of one model: the users' view, its replicas, a comparison of its versions, and the metrics of its kind of server."""

from __future__ import annotations

import hashlib

from components.observability import queries as q
from components.observability import variants as v
from components.observability.dashboards.panels import WINDOW, Dashboard, Panel, Query, Section
from components.observability.dashboards.servers import server_sections
from components.observability.rules import about, selector
from components.observability.slo import percent
from components.serving.model import Model
from components.serving.objective import Objective

LONGEST_UID = 40
"""Grafana refuses a longer uid (grafana/grafana:pkg/util/shortid_generator.go)."""


def model(served: Model) -> Dashboard:
    mode = "Knative" if served.entry.on_knative else "Standard"
    versions = [_versions(variants)] if (variants := v.variants_of(served)) else []
    return Dashboard(
        uid=_uid(served.name),
        title=f"Inference / {served.name}",
        description=f"{served.name} in {mode} mode, server {served.entry.server.kind}: traffic at the gateway, replicas, versions, server.",
        sections=(_traffic(served, served.entry.objective), _replicas(served), *versions, *server_sections(served)),
    )


def _uid(name: str) -> str:
    uid = f"inference-model-{name}"
    if len(uid) <= LONGEST_UID:
        return uid
    ending = "-" + hashlib.sha256(name.encode()).hexdigest()[:8]
    return uid[: LONGEST_UID - len(ending)] + ending


def _traffic(served: Model, objective: Objective) -> Section:
    milliseconds = objective.latency_seconds * 1000
    return Section(
        "What users get",
        (
            Panel(
                "Requests",
                "Answers at the gateway per second, by class of status. Copies for a shadow are not counted.",
                "reqps",
                (Query(q.requests_by_class(served, WINDOW), "{{envoy_response_code_class}}xx"),),
            ),
            Panel(
                "Latency",
                f"Until the end of the answer. The line is the objective: {percent(objective.fast)} within {milliseconds:g} ms.",
                "ms",
                tuple(Query(q.quantile(served, share, WINDOW), f"P{share * 100:.0f}") for share in (0.5, 0.95, 0.99)),
                limit=milliseconds,
            ),
            Panel(
                "Errors",
                f"Share of server errors; the objective allows {percent(1 - objective.availability)}.",
                "percentunit",
                (Query(q.error_ratio(served, WINDOW), "5xx"),),
                limit=1 - objective.availability,
            ),
        ),
    )


def _replicas(served: Model) -> Section:
    pods = f'{q.pods(served)},image!=""'
    counted = _revisions(served) if served.entry.on_knative else _deployments(served)
    return Section(
        "Replicas",
        (
            *counted,
            Panel(
                "CPU",
                "Cores that each pod uses, all its containers together.",
                "cores",
                (Query(f"sum by (pod) (rate(container_cpu_usage_seconds_total{{{pods}}}[{WINDOW}]))", "{{pod}}"),),
            ),
            Panel(
                "Memory",
                "Working set of each pod. A container that reaches its limit is killed.",
                "bytes",
                (Query(f"sum by (pod) (container_memory_working_set_bytes{{{pods}}})", "{{pod}}"),),
            ),
        ),
    )


def _revisions(served: Model) -> list[Panel]:
    def each(gauge: str) -> str:
        return f"max by (kn_revision_name) (kn_revision_{gauge}{{{q.revisions(served)}}})"

    replicas = Panel(
        "Replicas",
        "Ready pods of each revision, and how many Knative's autoscaler wants.",
        "short",
        (Query(each("pods_count"), "{{kn_revision_name}} ready"), Query(each("pods_desired"), "{{kn_revision_name}} wanted")),
    )
    concurrency = Panel(
        "Concurrency",
        "Requests at the same time for each pod, averaged over the autoscaler's window, and the target.",
        "short",
        (Query(each("concurrency_stable"), "{{kn_revision_name}}"), Query(each("concurrency_target"), "{{kn_revision_name}} target")),
    )
    return [replicas, concurrency] if served.entry.scaling.metric == "concurrency" else [replicas]


def _deployments(served: Model) -> list[Panel]:
    def autoscaler(gauge: str) -> str:
        return f"max by (horizontalpodautoscaler) (kube_horizontalpodautoscaler_{gauge}{{{q.autoscalers(served)}}})"

    ready = f"sum by (deployment) (kube_deployment_status_replicas_available{{{q.deployments(served)}}})"
    return [
        Panel(
            "Replicas",
            "Ready pods of each version, how many its autoscaler wants, and the most it may have.",
            "short",
            (
                Query(ready, "{{deployment}} ready"),
                Query(autoscaler("status_desired_replicas"), "{{horizontalpodautoscaler}} wanted"),
                Query(autoscaler("spec_max_replicas"), "{{horizontalpodautoscaler}} most"),
            ),
        )
    ]


def _versions(variants: v.Variants) -> Section:
    own = selector(about(variants.model))
    return Section(
        "Versions",
        (
            Panel(
                "Share of the requests",
                f"What each {variants.label} really got, copies for a shadow included. Compare with the weights in the stack file.",
                "percentunit",
                (Query(f"{v.REQUESTS}{{{own}}} / on () group_left () sum({v.REQUESTS}{{{own}}})", "{{variant}}"),),
                full=1,
            ),
            Panel(
                "Failed answers",
                f"Share of 4xx and 5xx among the answers of each {variants.label}, as its own servers count them.",
                "percentunit",
                (Query(f"{v.ERRORS}{{{own}}}", "{{variant}}"),),
                limit=v.ERROR_FLOOR,
            ),
            Panel(
                "Latency of each version",
                f"P95 of each {variants.label}, as its own servers measure it.",
                "s",
                (Query(f"{v.LATENCY}{{{own}}}", "{{variant}}"),),
            ),
        ),
    )
