"""The load on a language model: streamed completions; latency, time to first token, pace of the others, tokens, goodput.

The thresholds are for a service on a GPU. With `--cpu`, vLLM runs on CPUs, where they mean nothing, and the report says so.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import replace
from functools import partial
from urllib.parse import urlsplit

from scripts.mlops.llm_figures import GPU_PERCENT, Objective, Streams
from scripts.mlops.load.options import Service, positive, whole
from scripts.mlops.load.plan import Plan
from scripts.mlops.load.running import Connect
from scripts.mlops.load.session import streaming
from scripts.mlops.load.thresholds import Thresholds
from scripts.mlops.openai_requests import MAX_TOKENS, completion, request_body
from scripts.mlops.questions import PATIENCE
from scripts.mlops.reach import Endpoint, service_of

FIRST_TOKEN_MS = 250.0
"""The alert on the time to the first token has the same bound."""

WHOLE_MS = 500.0
DEFAULT_NAMESPACE = "default"


def service(model: str, thresholds: Thresholds, url: str | None = None) -> Service:
    """Return the load on this model; `url` is its default address if the command line names none."""
    return Service(
        description=f"Load {model} with streamed completions; the exit code says whether the thresholds, those for a GPU, held.",
        connect=partial(connect, model, 0, MAX_TOKENS),
        plan=Plan(requests=100, clients=10, warm_up=5),
        thresholds=thresholds,
        url=url,
        timeout=PATIENCE,
        add_options=partial(_add_options, thresholds),
        adapted=partial(_adapted, model),
    )


def connect(model: str, seed: int, max_tokens: int, endpoint: Endpoint, timeout: float) -> Connect:
    """Return how to connect. Every request has its own prompt, which follows from seed and number."""
    return streaming(endpoint.url, endpoint.host, lambda number: request_body(model, seed, number, max_tokens), completion, timeout)


def _add_options(thresholds: Thresholds, parser: ArgumentParser) -> None:
    parser.add_argument("--max-tokens", type=whole, default=MAX_TOKENS, help="longest answer, in tokens (default: %(default)s)")
    parser.add_argument(
        "--slo-first-token-ms",
        type=positive,
        default=FIRST_TOKEN_MS,
        help="for goodput: longest time until the first token (default: %(default)g)",
    )
    parser.add_argument(
        "--slo-latency-ms",
        type=positive,
        default=thresholds.p95_ms or WHOLE_MS,
        help="for goodput: longest time until the whole answer (default: %(default)g)",
    )
    parser.add_argument(
        "--prometheus",
        metavar="URL",
        help=f"address for the queue and the GPU's use, which must be above {GPU_PERCENT} %% over the run; without it neither is measured",
    )
    parser.add_argument(
        "--cpu", action="store_true", help="vLLM runs on CPUs: judge only thresholds that the command line sets, not those for a GPU"
    )


def _adapted(model: str, service: Service, args: Namespace) -> Service:
    """Return the service with its options applied. On CPUs a threshold holds only if the command line sets it."""
    thresholds, excused = service.thresholds, []
    if args.cpu:
        excused = [*([f"P95 below {thresholds.p95_ms:g} ms"] if thresholds.p95_ms else [])]
        excused += [f"{thresholds.rate:g} answers per second"] if thresholds.rate else []
        thresholds = replace(thresholds, p95_ms=None, rate=0)
    place = service_of(urlsplit(args.url).hostname or "")
    namespace, parts = place[0] if place else DEFAULT_NAMESPACE, tuple(name for _, name in args.replicas_of)
    objective = Objective(args.slo_first_token_ms / 1000, args.slo_latency_ms / 1000)
    return replace(
        service,
        connect=partial(connect, model, args.seed, args.max_tokens),
        thresholds=thresholds,
        extra=Streams(model, namespace, parts, objective, args.prometheus, args.cpu, tuple(excused)),
    )
