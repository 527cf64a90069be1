"""Alerts on the metrics of one kind of server. A kind names its sets in `Server.alerts`; `SETS` has them by name."""

from __future__ import annotations

from collections.abc import Callable

from components.observability.queries import server_quantile, servers
from components.observability.rules import Alert, Group, about
from components.serving.model import Model

FIRST_TOKEN = "vllm:time_to_first_token_seconds"  # noqa: S105 - a token of text
FIRST_TOKEN_SECONDS = 0.25
QUEUE_CEILING = 10
CACHE_CEILING = 0.95


def server_groups(model: Model) -> list[Group]:
    """Return a group for each set of the model's server kind."""
    return [Group(name=f"{name}-{model.name}", rules=list(SETS[name](model))) for name in model.entry.server.alerts]


def _generation(model: Model) -> list[Alert]:
    """Text generation by vLLM: time to the first token, queue and cache (vllm-project/vllm:vllm/v1/metrics/loggers.py@v0.32.0)."""
    return [_first_token(model), _queue(model), _cache(model), _preemptions(model)]


def _first_token(model: Model) -> Alert:
    busy = f"sum(rate({FIRST_TOKEN}_count{{{servers(model)}}}[5m])) > 0"
    return Alert(
        name="TimeToFirstTokenHigh",
        expr=f"{server_quantile(FIRST_TOKEN, servers(model), 0.95, '5m')} > {FIRST_TOKEN_SECONDS:g} and on () {busy}",
        lasting="5m",
        severity="warning",
        labels=about(model),
        summary=f"{model.name}: 5 % of the requests wait longer than {FIRST_TOKEN_SECONDS:g} s for their first token",
        description=(
            "The P95 is {{ $value | humanizeDuration }}. If the queue grows, add a replica; without a queue, long prompts fill the batches."
        ),
    )


def _queue(model: Model) -> Alert:
    return Alert(
        name="LLMQueueGrowing",
        expr=f"sum by (namespace, inferenceservice) (vllm:num_requests_waiting{{{servers(model)}}}) > {QUEUE_CEILING}",
        lasting="2m",
        severity="warning",
        labels=about(model),
        summary="{{ $labels.inferenceservice }}: more than 10 requests have waited for 2 minutes",
        description=(
            "{{ $value }} requests wait for the GPU. Look whether KEDA has added the replicas it may, and whether a node with a free "
            "GPU is there; replicas.max and gpu.nodes.max are the two limits."
        ),
    )


def _cache(model: Model) -> Alert:
    return Alert(
        name="KVCacheSaturated",
        expr=f"max by (namespace, inferenceservice, pod) (vllm:kv_cache_usage_perc{{{servers(model)}}}) > {CACHE_CEILING:g}",
        lasting="5m",
        severity="warning",
        labels=about(model),
        summary="{{ $labels.pod }}: the KV cache has been full for 5 minutes",
        description=(
            "{{ $value | humanizePercentage }} of the cache is in use: no request joins a batch before another one ends. "
            "Add a replica, shorten maxModelLen, or choose a GPU with more memory."
        ),
    )


def _preemptions(model: Model) -> Alert:
    return Alert(
        name="LLMPreemptions",
        expr=f"sum by (namespace, inferenceservice, pod) (increase(vllm:num_preemptions_total{{{servers(model)}}}[10m])) > 0",
        lasting="10m",
        severity="warning",
        labels=about(model),
        summary="{{ $labels.pod }}: requests lose their place in the cache again and again",
        description=(
            "vLLM dropped running requests {{ $value | humanize }} times in 10 minutes and computes them again: users see stalls. "
            "The cache is too small for the load; see KVCacheSaturated."
        ),
    )


SETS: dict[str, Callable[[Model], list[Alert]]] = {"generation": _generation}
