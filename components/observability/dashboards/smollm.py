"""SmolLM on vLLM: what users get, what waits, and how full GPU and cache are."""

from __future__ import annotations

from components.observability import queries as q
from components.observability.alerts.llm import CACHE_CEILING, FIRST_TOKEN, FIRST_TOKEN_SECONDS, QUEUE_CEILING
from components.observability.dashboards.panels import WINDOW, Dashboard, Panel, Query, Section
from components.observability.slo import Objective

BY = "inferenceservice"


def smollm(objective: Objective) -> Dashboard:
    model = objective.model
    return Dashboard(
        uid="inference-smollm",
        title="Inference / SmolLM",
        description=f"{model.name} on vLLM: traffic as the gateway counts it, tokens, the queue that KEDA scales by, cache and GPUs.",
        sections=(_traffic(objective), _tokens(model), _queue(model), _gpus(model)),
    )


def _traffic(objective: Objective) -> Section:
    model, milliseconds = objective.model, objective.seconds * 1000
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
                f"At the gateway, to the last token. The line is the objective on a GPU: {objective.fast:.0%} within {milliseconds:g} ms.",
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


def _tokens(model: q.ServedModel) -> Section:
    def rate(counter: str) -> str:
        return f"sum by ({BY}) (rate({counter}{{{model.servers}}}[{WINDOW}]))"

    return Section(
        "Tokens",
        (
            Panel(
                "Tokens per second",
                "Written, and read as prompts, by each version.",
                "tokens/s",
                (
                    Query(rate("vllm:generation_tokens_total"), "{{inferenceservice}} written"),
                    Query(rate("vllm:prompt_tokens_total"), "{{inferenceservice}} read"),
                ),
            ),
            Panel(
                "Time to the first token",
                "What a user of a stream waits before anything is seen. The line is where the alert begins.",
                "s",
                tuple(
                    Query(q.server_quantile(FIRST_TOKEN, model.servers, share, WINDOW, BY), f"{{{{inferenceservice}}}} P{share * 100:.0f}")
                    for share in (0.5, 0.95)
                ),
                limit=FIRST_TOKEN_SECONDS,
            ),
            Panel(
                "Time between tokens",
                "P95 of the pauses within a stream.",
                "s",
                (Query(q.server_quantile("vllm:inter_token_latency_seconds", model.servers, 0.95, WINDOW, BY), "{{inferenceservice}}"),),
            ),
        ),
    )


def _queue(model: q.ServedModel) -> Section:
    autoscaler = f'namespace="{model.namespace}",horizontalpodautoscaler=~"keda-hpa-{model.name}(-.+)?-predictor"'

    def total(gauge: str) -> str:
        return f"sum by ({BY}) ({gauge}{{{model.servers}}})"

    return Section(
        "Queue and replicas",
        (
            Panel(
                "Queue",
                "Requests that wait for a place in a batch, which KEDA scales by. The line is where the alert begins.",
                "short",
                (Query(total("vllm:num_requests_waiting"), "{{inferenceservice}}"),),
                limit=QUEUE_CEILING,
            ),
            Panel(
                "In the batch",
                "Requests that are computed right now.",
                "short",
                (Query(total("vllm:num_requests_running"), "{{inferenceservice}}"),),
            ),
            Panel(
                "Replicas",
                "Ready pods of each version, what its autoscaler wants, and the most it may.",
                "short",
                (
                    Query(
                        f"sum by (deployment) (kube_deployment_status_replicas_available{{{model.deployments}}})", "{{deployment}} ready"
                    ),
                    Query(
                        f"max by (horizontalpodautoscaler) (kube_horizontalpodautoscaler_status_desired_replicas{{{autoscaler}}})",
                        "{{horizontalpodautoscaler}} wanted",
                    ),
                    Query(
                        f"max by (horizontalpodautoscaler) (kube_horizontalpodautoscaler_spec_max_replicas{{{autoscaler}}})",
                        "{{horizontalpodautoscaler}} most",
                    ),
                ),
            ),
            Panel(
                "Time in the queue",
                "P95, part of the time to the first token.",
                "s",
                (Query(q.server_quantile("vllm:request_queue_time_seconds", model.servers, 0.95, WINDOW, BY), "{{inferenceservice}}"),),
            ),
            Panel(
                "KV cache",
                "How much of its memory for running requests each pod uses. The line is where the alert begins.",
                "percentunit",
                (Query(f"max by (pod) (vllm:kv_cache_usage_perc{{{model.servers}}})", "{{pod}}"),),
                limit=CACHE_CEILING,
                full=1,
            ),
            Panel(
                "Preemptions",
                "Requests that lost their place in the cache and are computed again, per second. Above none, users see stalls.",
                "reqps",
                (Query(f"sum by (pod) (rate(vllm:num_preemptions_total{{{model.servers}}}[{WINDOW}]))", "{{pod}}"),),
            ),
        ),
    )


def _gpus(model: q.ServedModel) -> Section:
    used, free = (f"DCGM_FI_DEV_FB_{part}{{{model.gpu_pods}}}" for part in ("USED", "FREE"))
    return Section(
        "Its GPUs",
        (
            Panel(
                "GPU use",
                "Share of the time in which the GPU computed anything. One request at a time can fill it: the queue says more of the load.",
                "percent",
                (Query(f"avg by (exported_pod) (DCGM_FI_DEV_GPU_UTIL{{{model.gpu_pods}}})", "{{exported_pod}}"),),
                width="half",
                full=100,
            ),
            Panel(
                "GPU memory",
                "vLLM takes its share at its start, so that this line is flat; what is inside is the KV cache's.",
                "percentunit",
                (Query(f"max by (exported_pod) ({used} / ({used} + {free}))", "{{exported_pod}}"),),
                width="half",
                full=1,
            ),
        ),
    )
