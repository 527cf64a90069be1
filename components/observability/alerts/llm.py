"""What a text model on vLLM says of itself before users notice: time to the first token, its queue, its cache.

Metrics: vllm-project/vllm:vllm/v1/metrics/loggers.py@v0.32.0.
"""

from __future__ import annotations

from components.observability.queries import ServedModel, server_quantile
from components.observability.rules import Alert, Group

FIRST_TOKEN = "vllm:time_to_first_token_seconds"  # noqa: S105 - a token of text
FIRST_TOKEN_SECONDS = 0.25
QUEUE_CEILING = 10
CACHE_CEILING = 0.95


def llm(prefix: str, model: ServedModel) -> Group:
    return Group(name="llm", rules=[_first_token(prefix, model), _queue(model), _cache(model), _preemptions(model)])


def _first_token(prefix: str, model: ServedModel) -> Alert:
    busy = f"sum(rate({FIRST_TOKEN}_count{{{model.servers}}}[5m])) > 0"
    return Alert(
        name=f"{prefix}TTFTHigh",
        expr=f"{server_quantile(FIRST_TOKEN, model.servers, 0.95, '5m')} > {FIRST_TOKEN_SECONDS:g} and on () {busy}",
        lasting="5m",
        severity="warning",
        labels=_of(model),
        summary=f"{model.name}: 5 % of the requests wait longer than {FIRST_TOKEN_SECONDS:g} s for their first token",
        description=(
            "The P95 is {{ $value | humanizeDuration }}. A growing queue wants a replica; without a queue, long prompts fill the batches."
        ),
    )


def _queue(model: ServedModel) -> Alert:
    return Alert(
        name="LLMQueueGrowing",
        expr=f"sum by (namespace, inferenceservice) (vllm:num_requests_waiting{{{model.servers}}}) > {QUEUE_CEILING}",
        lasting="2m",
        severity="warning",
        labels={"service": model.name},
        summary="{{ $labels.inferenceservice }}: more than 10 requests have waited for 2 minutes",
        description=(
            "{{ $value }} requests wait for the GPU. Look whether KEDA has added the replicas it may, and whether a node with a free "
            "GPU is there; replicas.max and gpu.nodes.max are the two limits."
        ),
    )


def _cache(model: ServedModel) -> Alert:
    return Alert(
        name="KVCacheSaturated",
        expr=f"max by (namespace, inferenceservice, pod) (vllm:kv_cache_usage_perc{{{model.servers}}}) > {CACHE_CEILING:g}",
        lasting="5m",
        severity="warning",
        labels={"service": model.name},
        summary="{{ $labels.pod }}: the KV cache has been full for 5 minutes",
        description=(
            "{{ $value | humanizePercentage }} of the cache is in use: no request joins a batch before another one ends. "
            "One more replica, a shorter maximum length, or a GPU with more memory."
        ),
    )


def _preemptions(model: ServedModel) -> Alert:
    return Alert(
        name="LLMPreemptions",
        expr=f"sum by (namespace, inferenceservice, pod) (increase(vllm:num_preemptions_total{{{model.servers}}}[10m])) > 0",
        lasting="10m",
        severity="warning",
        labels={"service": model.name},
        summary="{{ $labels.pod }}: requests lose their place in the cache again and again",
        description=(
            "vLLM dropped running requests {{ $value | humanize }} times in 10 minutes and computes them again: users see stalls. "
            "The cache is too small for the load; see KVCacheSaturated."
        ),
    )


def _of(model: ServedModel) -> dict[str, str]:
    return {"service": model.name, "namespace": model.namespace}
