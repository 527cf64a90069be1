#!/usr/bin/env python3
"""Loads a live SmolLM with streamed completions: latency, time to first token, pace of the others, tokens, goodput, failures, versions.

Exits 0 if every threshold held, 1 if one did not, 2 if the address does not answer or an option is wrong, 130 after Ctrl-C.
The thresholds are those of a service on a GPU; `--cpu` says that vLLM runs on CPUs, where they mean nothing: the report says so.
"""

import sys
from argparse import ArgumentParser, Namespace
from dataclasses import replace
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run by path, from any folder

from components.observability.alerts.llm import FIRST_TOKEN_SECONDS
from scripts.mlops.load import command
from scripts.mlops.load.options import Service, positive, whole
from scripts.mlops.load.plan import Plan
from scripts.mlops.load.running import Connect
from scripts.mlops.load.session import streaming
from scripts.mlops.load.thresholds import Thresholds
from scripts.mlops.reach import Endpoint
from scripts.mlops.smollm_figures import GPU_PERCENT, Objective, Streams
from scripts.mlops.smollm_requests import MAX_TOKENS, completion, request_body

ON_GPU = Thresholds(p95_ms=500, rate=10, success_rate=1)


def connect(seed: int, max_tokens: int, endpoint: Endpoint, timeout: float) -> Connect:
    """Every request has a prompt of its own, known by seed and number."""
    return streaming(endpoint.url, endpoint.host, lambda number: request_body(seed, number, max_tokens), completion, timeout)


def add_options(parser: ArgumentParser) -> None:
    parser.add_argument("--max-tokens", type=whole, default=MAX_TOKENS, help="of an answer (default: %(default)s)")
    parser.add_argument(
        "--slo-first-token-ms",
        type=positive,
        default=1000 * FIRST_TOKEN_SECONDS,
        help="of goodput: until the first token (default: %(default)g)",
    )
    parser.add_argument(
        "--slo-latency-ms", type=positive, default=ON_GPU.p95_ms, help="of goodput: until the whole answer (default: %(default)g)"
    )
    parser.add_argument(
        "--prometheus",
        metavar="URL",
        help=f"where the queue is read, and the GPU's use, which must be above {GPU_PERCENT} %% over the run; else not measured",
    )
    parser.add_argument(
        "--cpu", action="store_true", help="vLLM runs on CPUs: the GPU's thresholds are not judged, only those that are given here"
    )


def adapted(service: Service, args: Namespace) -> Service:
    """With what its options say. On CPUs a threshold holds only where somebody named one for them."""
    thresholds, excused = service.thresholds, []
    if args.cpu:
        excused = [f"P95 below {ON_GPU.p95_ms:g} ms", f"{ON_GPU.rate:g} answers per second"]
        thresholds = replace(thresholds, p95_ms=None, rate=0)
    return replace(
        service,
        connect=partial(connect, args.seed, args.max_tokens),
        thresholds=thresholds,
        extra=Streams(
            Objective(args.slo_first_token_ms / 1000, args.slo_latency_ms / 1000), args.prometheus, args.cpu, excused=tuple(excused)
        ),
    )


SERVICE = Service(
    description="Load a live SmolLM with streamed completions; the exit code says whether the thresholds, those for a GPU, held.",
    variable="SMOLLM_URL",
    connect=partial(connect, 0, MAX_TOKENS),
    plan=Plan(requests=100, clients=10, warm_up=5),
    thresholds=ON_GPU,
    timeout=60,  # a request may wait in the queue before its first byte
    add_options=add_options,
    adapted=adapted,
)

if __name__ == "__main__":
    sys.exit(command.main(SERVICE))
