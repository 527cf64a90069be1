"""The options that all entry points of the load share, with the defaults of their service."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scripts.mlops.load.extra import Extra
from scripts.mlops.load.plan import Plan
from scripts.mlops.load.running import Connect
from scripts.mlops.load.session import TIMEOUT
from scripts.mlops.load.thresholds import Thresholds
from scripts.mlops.reach import Endpoint


def _no_options(_parser: argparse.ArgumentParser) -> None:
    pass


def _as_it_is(service: Service, _args: argparse.Namespace) -> Service:
    return service


@dataclass(frozen=True)
class Service:
    """The service to load: how to ask it, the default load, the thresholds at that load, and the default address.

    `connect` takes the endpoint and a time-out in seconds. The rate of `thresholds` holds for `plan`; an open loop has a rate of its own.
    `extra`: its figures in addition to latency. `add_options` adds its own options; `adapted` returns the service with them applied.
    """

    description: str
    connect: Callable[[Endpoint, float], Connect]
    plan: Plan
    thresholds: Thresholds
    url: str | None = None
    timeout: float = TIMEOUT
    extra: Extra | None = None
    add_options: Callable[[argparse.ArgumentParser], None] = _no_options
    adapted: Callable[[Service, argparse.Namespace], Service] = _as_it_is


@dataclass(frozen=True)
class Options:
    """The options of a command line. Times are in seconds; `replicas_of` has a namespace and an InferenceService each."""

    service: Service
    url: str
    host: str | None
    plan: Plan
    timeout: float
    thresholds: Thresholds
    steady_from: float
    replicas_of: list[tuple[str, str]]
    settle: float
    json: str | None
    png: Path | None


def read(service: Service, arguments: list[str] | None) -> Options:
    """Read a command line. Ends the program with exit code 2 if an option is wrong."""
    parser = _parser(service)
    args = parser.parse_args(arguments)
    service = service.adapted(service, args)
    if args.settle and not args.replicas_of:
        parser.error("--settle counts replicas: it needs --replicas-of")
    if len({namespace for namespace, _ in args.replicas_of}) > 1:
        parser.error("--replicas-of counts in one namespace")
    if args.steady_from and args.seconds is not None and args.steady_from >= args.seconds:
        parser.error("--steady-from must leave some of the --seconds")
    min_rate = args.min_rate
    if min_rate is None:  # an open loop sends at its rate regardless of the answers: latency and failures judge it
        min_rate = service.thresholds.rate if args.rate is None else 0.0
    max_p95_ms = service.thresholds.p95_ms if args.max_p95_ms is None else args.max_p95_ms
    endless = args.seconds is None and args.requests is None
    return Options(
        service=service,
        url=args.url,
        host=args.host,
        plan=Plan(
            seconds=service.plan.seconds if endless else args.seconds,
            requests=service.plan.requests if endless else args.requests,
            rate=args.rate,
            clients=args.clients or service.plan.clients,
            warm_up=args.warm_up,
            seed=args.seed,
        ),
        timeout=args.timeout,
        thresholds=Thresholds(max_p95_ms, min_rate, args.min_success_rate),
        steady_from=args.steady_from,
        replicas_of=args.replicas_of,
        settle=args.settle,
        json=args.json,
        png=args.png,
    )


def _parser(service: Service) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=service.description)
    parser.add_argument(
        "--url",
        default=service.url,
        required=service.url is None,
        help=f"address, reachable from this machine or from a pod{f' (default: {service.url})' if service.url else ''}",
    )
    parser.add_argument("--host", help="name to send instead of the URL's host")
    loop = parser.add_mutually_exclusive_group()
    loop.add_argument("--clients", type=whole, help=f"clients, each with one request at a time (default: {service.plan.clients})")
    loop.add_argument("--rate", type=positive, help="requests per second at random moments, however slow the answers")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--seconds", type=positive, help=f"length of the load in seconds{_default(service.plan.seconds)}")
    length.add_argument("--requests", type=whole, help=f"number of requests{_default(service.plan.requests)}")
    parser.add_argument(
        "--warm-up",
        type=_not_negative,
        default=service.plan.warm_up,
        metavar="SECONDS",
        help="seconds of load before the measurement begins (default: %(default)g)",
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of all random choices (default: %(default)s)")
    parser.add_argument(
        "--timeout", type=positive, default=service.timeout, help="longest wait for the next byte, in seconds (default: %(default)g)"
    )
    parser.add_argument(
        "--replicas-of",
        type=_object,
        action="append",
        default=[],
        metavar="NAMESPACE/NAME",
        help="InferenceService whose replicas are counted, or several of a namespace; needs kubectl",
    )
    parser.add_argument(
        "--settle", type=_not_negative, default=0.0, metavar="SECONDS", help="seconds to go on counting replicas after the end of the load"
    )
    parser.add_argument(
        "--steady-from", type=_not_negative, default=0.0, metavar="SECONDS", help="judge speed from this second on (lost requests: always)"
    )
    limits = service.thresholds
    parser.add_argument("--max-p95-ms", type=positive, help=f"highest P95 of whole answers{_default(limits.p95_ms)}")
    parser.add_argument(
        "--min-rate", type=_not_negative, help=f"fewest right answers per second (default: {limits.rate:g}; with --rate any)"
    )
    parser.add_argument(
        "--min-success-rate",
        type=share,
        default=limits.success_rate,
        help="lowest share of requests with a right answer (default: %(default)g)",
    )
    parser.add_argument("--json", metavar="FILE", help="write the report to this file; - for standard output, with nothing else on it")
    parser.add_argument("--png", type=Path, metavar="FILE", help="draw rate, latency and replicas over time")
    service.add_options(parser)
    return parser


def _default(value: float | None) -> str:
    return "" if value is None else f" (default: {value:g})"


def _number(allowed: Callable[[float], bool], wanted: str) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not allowed(value):
            raise argparse.ArgumentTypeError(f"must be {wanted}, got {text!r}")
        return value

    return parse


positive = _number(lambda value: 0 < value < float("inf"), "a number above 0")
_not_negative = _number(lambda value: 0 <= value < float("inf"), "a number of at least 0")
share = _number(lambda value: 0 <= value <= 1, "a share between 0 and 1")


def whole(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1, got {text!r}")
    return int(text)


def _object(text: str) -> tuple[str, str]:
    namespace, _, name = text.partition("/")
    if not namespace or not name:
        raise argparse.ArgumentTypeError(f"must be NAMESPACE/NAME, got {text!r}")
    return namespace, name
