"""The MNIST classifier: what users get, what its replicas do, and how its revisions share the requests."""

from __future__ import annotations

from components.observability import queries as q
from components.observability.dashboards.panels import WINDOW, Dashboard, Panel, Query, Section
from components.observability.slo import Objective


def mnist(objective: Objective) -> Dashboard:
    model, milliseconds = objective.model, objective.seconds * 1000
    return Dashboard(
        uid="inference-mnist",
        title="Inference / MNIST",
        description=f"{model.name} in Knative mode: traffic as the gateway counts it, replicas, CPU and memory, the canary's share.",
        sections=(_traffic(objective, milliseconds), _replicas(model), _revisions(model)),
    )


def _traffic(objective: Objective, milliseconds: float) -> Section:
    model = objective.model
    return Section(
        "What users get",
        (
            Panel(
                "Requests",
                "Answers at the gateway per second, by class of status. Copies for a shadow are not counted.",
                "reqps",
                (Query(q.requests_by_class(model, WINDOW), "{{envoy_response_code_class}}xx"),),
            ),
            Panel(
                "Latency",
                f"At the gateway, to the whole answer. The line is the objective: {objective.fast:.0%} within {milliseconds:g} ms.",
                "ms",
                tuple(Query(q.quantile(model, share, WINDOW), f"P{share * 100:.0f}") for share in (0.5, 0.95, 0.99)),
                limit=milliseconds,
            ),
            Panel(
                "Errors",
                f"Share of server errors; {1 - objective.availability:.1%} is what the objective allows.",
                "percentunit",
                (Query(q.error_ratio(model, WINDOW), "5xx"),),
                limit=1 - objective.availability,
            ),
        ),
    )


def _replicas(model: q.ServedModel) -> Section:
    revision = f'k8s_namespace_name="{model.namespace}",kn_configuration_name=~"{model.name}-predictor"'
    return Section(
        "What its replicas do",
        (
            Panel(
                "Replicas",
                "Ready pods of each revision, and how many Knative's autoscaler wants.",
                "short",
                (
                    Query(f"max by (kn_revision_name) (kn_revision_pods_count{{{revision}}})", "{{kn_revision_name}} ready"),
                    Query(f"max by (kn_revision_name) (kn_revision_pods_desired{{{revision}}})", "{{kn_revision_name}} wanted"),
                ),
            ),
            Panel(
                "Concurrency",
                "Requests at once for each pod, averaged over the autoscaler's window, and what it aims at. Empty when it scales by rate.",
                "short",
                (
                    Query(f"max by (kn_revision_name) (kn_revision_concurrency_stable{{{revision}}})", "{{kn_revision_name}}"),
                    Query(f"max by (kn_revision_name) (kn_revision_concurrency_target{{{revision}}})", "{{kn_revision_name}} target"),
                ),
            ),
            Panel(
                "Images per run of the network",
                "Median of the batches that the server makes of requests that arrive together. It grows with the load.",
                "short",
                (Query(q.server_quantile("predictor_batch_images", model.servers, 0.5, WINDOW), "P50"),),
            ),
            Panel(
                "CPU",
                "Cores that each pod uses, the queue proxy included.",
                "cores",
                (Query(f'sum by (pod) (rate(container_cpu_usage_seconds_total{{{model.pods},image!=""}}[{WINDOW}]))', "{{pod}}"),),
            ),
            Panel(
                "Memory",
                "What each pod needs to go on working; near its limit it is killed.",
                "bytes",
                (Query(f'sum by (pod) (container_memory_working_set_bytes{{{model.pods},image!=""}})', "{{pod}}"),),
            ),
            Panel(
                "Time in the model",
                "P95 of a prediction inside the server. The rest of the latency is the way there, and waiting.",
                "s",
                (Query(q.server_quantile("request_predict_seconds", model.servers, 0.95, WINDOW), "P95"),),
            ),
        ),
    )


def _revisions(model: q.ServedModel) -> Section:
    answered = f'kn_serving_invocation_duration_seconds_count{{{model.servers},revision!=""}}'
    each = f"sum by (revision) (rate({answered}[{WINDOW}]))"
    return Section(
        "Canary",
        (
            Panel(
                "Share of the requests",
                "What each revision really got. Compare with canary.percent of the stack file.",
                "percentunit",
                (Query(f"{each} / on () group_left () sum(rate({answered}[{WINDOW}]))", "{{revision}}"),),
                width="half",
                full=1,
            ),
            Panel(
                "Answers of each revision",
                "By status, as its queue proxy counts them.",
                "reqps",
                (
                    Query(
                        f"sum by (revision, http_response_status_code) (rate({answered}[{WINDOW}]))",
                        "{{revision}} {{http_response_status_code}}",
                    ),
                ),
                width="half",
            ),
        ),
    )
