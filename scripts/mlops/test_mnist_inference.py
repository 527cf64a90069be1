#!/usr/bin/env python3
"""Checks a live MNIST classifier: random images and held-out real digits; status, schema, latency, success rate, accuracy.

Exits 0 if every threshold held, 1 if one did not, 2 if the address does not answer or an option is wrong.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run by path, from any folder

from scripts.errors import DriverError
from scripts.mlops.load.measurement import Answered, Measurement, RequestFailed, percentile
from scripts.mlops.load.plan import Plan
from scripts.mlops.load.running import Request, start
from scripts.mlops.load.session import HttpSession
from scripts.mlops.mnist_requests import Case, cases, predicted_class
from scripts.mlops.reach import Endpoint, reachable

MIN_REQUESTS = 400  # three in four are held-out digits: 300 are what an accuracy needs to mean something


@dataclass(frozen=True)
class Thresholds:
    """What must hold: shares of 0..1, and milliseconds."""

    accuracy: float
    success_rate: float
    p95_ms: float


@dataclass(frozen=True)
class Result:
    """What a run showed; latencies in milliseconds."""

    requests: int
    requests_per_second: float
    success_rate: float
    failures: dict[str, int]
    accuracy: float
    held_out_digits: int
    latency_ms: dict[str, float]

    def broken(self, thresholds: Thresholds) -> list[str]:
        """One line for each threshold that did not hold."""
        checks = [
            (self.accuracy >= thresholds.accuracy, f"accuracy {self.accuracy:.4f} is below {thresholds.accuracy}"),
            (self.success_rate >= thresholds.success_rate, f"success rate {self.success_rate:.4f} is below {thresholds.success_rate}"),
            (self.latency_ms["p95"] < thresholds.p95_ms, f"P95 {self.latency_ms['p95']:.1f} ms is not below {thresholds.p95_ms:g} ms"),
        ]
        return [line for held, line in checks if not held]


def measure(endpoint: Endpoint, batch: list[Case], concurrency: int, rate: float | None) -> Result:
    """Sends every case and judges the answers."""
    answers: dict[int, int] = {}

    def connect() -> Request:
        session = HttpSession(endpoint.url, host=endpoint.host)

        def request(number: int) -> Answered:
            answer = session.post(batch[number].body)
            answers[number] = predicted_class(answer.content)
            return Answered(answer.version)

        return request

    run = start(Plan(requests=len(batch), rate=rate, clients=concurrency), connect).result()
    return _result(run, batch, answers)


def main(arguments: list[str] | None = None) -> int:
    """The exit code."""
    args = _arguments(arguments)
    try:
        with reachable(args.url, os.environ) as endpoint:
            HttpSession(endpoint.url, host=endpoint.host).post(cases(1)[0].body)
            result = measure(endpoint, cases(args.requests), args.concurrency, args.rate)
    except (ValueError, RequestFailed, DriverError) as error:
        print(f"error: {args.url}: {error}; is the platform up (make up), and can this machine reach it?", file=sys.stderr)
        return 2
    broken = result.broken(Thresholds(args.min_accuracy, args.min_success_rate, args.max_p95_ms))
    print(json.dumps(asdict(result) | {"broken_thresholds": broken}) if args.json else _table(result, broken))
    return 1 if broken else 0


def _result(run: Measurement, batch: list[Case], answers: dict[int, int]) -> Result:
    labelled = [number for number, case in enumerate(batch) if case.label is not None]
    right = sum(answers.get(number) == batch[number].label for number in labelled)
    latencies = run.latencies
    return Result(
        requests=len(batch),
        requests_per_second=round(run.per_second, 1),
        success_rate=run.success_rate,
        failures=run.failures,
        accuracy=right / len(labelled),
        held_out_digits=len({batch[number].body for number in labelled}),
        latency_ms={"avg": _ms(sum(latencies) / len(latencies))} | {f"p{rank}": _ms(percentile(latencies, rank)) for rank in (50, 95, 99)},
    )


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)


def _table(result: Result, broken: list[str]) -> str:
    latency = "  ".join(f"{name} {value:.1f}" for name, value in result.latency_ms.items())
    lines = [
        f"requests      {result.requests}, {result.requests_per_second} per second",
        f"success rate  {result.success_rate:.2%}",
        f"accuracy      {result.accuracy:.2%} on {result.held_out_digits} held-out digits",
        f"latency (ms)  {latency}",
        *(f"failed        {count} x {reason}" for reason, count in result.failures.items()),
        *(f"BROKEN        {line}" for line in broken),
    ]
    return "\n".join(lines if broken else [*lines, "all thresholds held"])


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Check a live MNIST classifier; the exit code says whether the thresholds held.")
    default = os.environ.get("MNIST_URL")
    parser.add_argument("--url", default=default, required=not default, help="address of :predict (V1) (default: MNIST_URL)")
    parser.add_argument("--requests", type=_at_least(MIN_REQUESTS), default=800, help=f"at least {MIN_REQUESTS} (default: %(default)s)")
    parser.add_argument("--concurrency", type=_at_least(1), default=10, help="clients without --rate (default: %(default)s)")
    parser.add_argument("--rate", type=float, help="requests per second, at random moments (default: as fast as they are answered)")
    parser.add_argument("--min-accuracy", type=float, default=0.95, help="share of held-out digits (default: %(default)s)")
    parser.add_argument("--min-success-rate", type=float, default=1.0, help="share of requests (default: %(default)s)")
    parser.add_argument("--max-p95-ms", type=float, default=100.0, help="milliseconds (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    args = parser.parse_args(arguments)
    if args.rate is not None and not args.rate > 0:
        parser.error("--rate must be above 0")
    return args


def _at_least(minimum: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isdigit() or int(text) < minimum:
            raise argparse.ArgumentTypeError(f"must be a whole number of at least {minimum}, got {text!r}")
        return int(text)

    return parse


if __name__ == "__main__":
    sys.exit(main())
