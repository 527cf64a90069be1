"""Sections on the metrics of one kind of server. A kind names its sections in `Server.panels`; `SECTIONS` has them by name."""

from __future__ import annotations

from collections.abc import Callable

from components.observability import queries as q
from components.observability.alerts.servers import CACHE_CEILING, FIRST_TOKEN, FIRST_TOKEN_SECONDS, QUEUE_CEILING
from components.observability.dashboards.panels import WINDOW, Panel, Query, Section
from components.serving.model import Model

BY = "inferenceservice"


def server_sections(served: Model) -> list[Section]:
    """Return the sections of the model's server kind, and one on its GPUs if it has any."""
    server = served.entry.server
    return [*(SECTIONS[name](served) for name in server.panels), *([_gpus(served)] if server.gpu_count else [])]


def _batches(served: Model) -> Section:
    """Servers on KServe's Python server that run requests which arrive together as one batch."""
    return Section(
        "Batches",
        (
            Panel(
                "Inputs per run of the network",
                "Median of the batches that the server makes of requests that arrive together. It grows with the load.",
                "short",
                (Query(q.server_quantile("predictor_batch_images", q.servers(served), 0.5, WINDOW), "P50"),),
                width="half",
            ),
            Panel(
                "Time in the model",
                "P95 of a prediction inside the server. The rest of the latency is network and waiting.",
                "s",
                (Query(q.server_quantile("request_predict_seconds", q.servers(served), 0.95, WINDOW), "P95"),),
                width="half",
            ),
        ),
    )


def _tokens(served: Model) -> Section:
    def rate(counter: str) -> str:
        return f"sum by ({BY}) (rate({counter}{{{q.servers(served)}}}[{WINDOW}]))"

    return Section(
        "Tokens",
        (
            Panel(
                "Tokens per second",
                "Tokens that each version generates, and tokens of prompts that it reads.",
                "tokens/s",
                (
                    Query(rate("vllm:generation_tokens_total"), "{{inferenceservice}} generated"),
                    Query(rate("vllm:prompt_tokens_total"), "{{inferenceservice}} read"),
                ),
            ),
            Panel(
                "Time to the first token",
                "How long a user of a stream waits for its first token. The line is the alert's threshold.",
                "s",
                tuple(
                    Query(_quantile(served, FIRST_TOKEN, share), f"{{{{inferenceservice}}}} P{share * 100:.0f}") for share in (0.5, 0.95)
                ),
                limit=FIRST_TOKEN_SECONDS,
            ),
            Panel(
                "Time between tokens",
                "P95 of the pauses within a stream.",
                "s",
                (Query(_quantile(served, "vllm:inter_token_latency_seconds", 0.95), "{{inferenceservice}}"),),
            ),
        ),
    )


def _queue(served: Model) -> Section:
    selector = q.servers(served)

    def total(gauge: str) -> str:
        return f"sum by ({BY}) ({gauge}{{{selector}}})"

    return Section(
        "Queue and cache",
        (
            Panel(
                "Queue",
                "Requests that wait for a place in a batch; KEDA scales by them. The line is the alert's threshold.",
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
                "Time in the queue",
                "P95, part of the time to the first token.",
                "s",
                (Query(_quantile(served, "vllm:request_queue_time_seconds", 0.95), "{{inferenceservice}}"),),
            ),
            Panel(
                "KV cache",
                "Share of the cache for running requests that each pod uses. The line is the alert's threshold.",
                "percentunit",
                (Query(f"max by (pod) (vllm:kv_cache_usage_perc{{{selector}}})", "{{pod}}"),),
                limit=CACHE_CEILING,
                full=1,
            ),
            Panel(
                "Preemptions",
                "Requests per second that lost their place in the cache and are computed again. Above zero, users see stalls.",
                "reqps",
                (Query(f"sum by (pod) (rate(vllm:num_preemptions_total{{{selector}}}[{WINDOW}]))", "{{pod}}"),),
            ),
        ),
    )


def _gpus(served: Model) -> Section:
    used, free = (f"DCGM_FI_DEV_FB_{part}{{{q.gpu_pods(served)}}}" for part in ("USED", "FREE"))
    return Section(
        "GPUs",
        (
            Panel(
                "GPU use",
                "Share of the time in which the GPU computed anything. One request at a time can fill it: a queue shows the load better.",
                "percent",
                (Query(f"avg by (exported_pod) (DCGM_FI_DEV_GPU_UTIL{{{q.gpu_pods(served)}}})", "{{exported_pod}}"),),
                width="half",
                full=100,
            ),
            Panel(
                "GPU memory",
                "Share of the GPU's memory in use. A server that takes its share at its start, such as vLLM, shows a flat line.",
                "percentunit",
                (Query(f"max by (exported_pod) ({used} / ({used} + {free}))", "{{exported_pod}}"),),
                width="half",
                full=1,
            ),
        ),
    )


def _quantile(served: Model, histogram: str, share: float) -> str:
    return q.server_quantile(histogram, q.servers(served), share, WINDOW, BY)


SECTIONS: dict[str, Callable[[Model], Section]] = {"batches": _batches, "tokens": _tokens, "queue": _queue}
