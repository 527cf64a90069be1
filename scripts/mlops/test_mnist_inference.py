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

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run by path, from any folder

from images.mnist import digits
from scripts.mlops.http_session import HttpSession
from scripts.mlops.load import Measurement, Request, RequestFailed, closed_loop, open_loop, percentile

CLASSES = 10
SUM_TOLERANCE = 1e-4  # ten float32 probabilities
MIN_REQUESTS = 400  # three in four are held-out digits: 300 are what an accuracy needs to mean something
TIMEOUT = 10.0


@dataclass(frozen=True)
class Case:
    """One request body and the digit it shows, None for a random image."""

    body: bytes
    label: int | None


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


def cases(requests: int) -> list[Case]:
    """Three held-out digits, then a random image, and so on; the digits in their order, from the start again when they run out."""
    source = digits.load()
    held_out = source.only(digits.split(source.labels).held_out)
    random = np.random.default_rng(digits.SEED).random((requests // 4 + 1, digits.SIDE, digits.SIDE), np.float32)
    result = []
    for number in range(requests):
        if number % 4 == 3:
            result.append(Case(_body(random[number // 4]), None))
        else:
            index = (number - number // 4) % len(held_out.ids)
            result.append(Case(_body(held_out.images[index]), int(held_out.labels[index])))
    return result


def predicted_class(content: bytes) -> int:
    """The class in a V1 answer for one image. Raises RequestFailed where the answer isn't what the protocol promises."""
    try:
        (prediction,) = json.loads(content)["predictions"]
        chosen, probabilities = prediction["class"], np.array(prediction["probabilities"], float)
    except (ValueError, KeyError, TypeError) as error:
        raise RequestFailed(f"answer has the wrong schema: {type(error).__name__}") from None
    if probabilities.shape != (CLASSES,) or not abs(probabilities.sum() - 1) <= SUM_TOLERANCE or probabilities.min() < 0:
        raise RequestFailed(f"answer's probabilities aren't {CLASSES} shares that sum to 1")
    if type(chosen) is not int or chosen != int(probabilities.argmax()):
        raise RequestFailed("answer's class isn't the most probable one")
    return chosen


def measure(url: str, batch: list[Case], concurrency: int, rate: float | None) -> Result:
    """Sends every case and judges the answers."""
    answers: dict[int, int] = {}

    def connect() -> Request:
        session = HttpSession(url, TIMEOUT)

        def request(number: int) -> None:
            answers[number] = predicted_class(session.post(batch[number].body))

        return request

    run = open_loop(connect, len(batch), concurrency, rate) if rate else closed_loop(connect, len(batch), concurrency)
    return _result(run, batch, answers)


def main() -> int:
    """The exit code."""
    args = _arguments()
    try:
        HttpSession(args.url, TIMEOUT).post(cases(1)[0].body)
    except (ValueError, RequestFailed) as error:
        print(f"error: {args.url}: {error}; is the platform up (make up), and can this machine reach it?", file=sys.stderr)
        return 2
    result = measure(args.url, cases(args.requests), args.concurrency, args.rate)
    broken = result.broken(Thresholds(args.min_accuracy, args.min_success_rate, args.max_p95_ms))
    print(json.dumps(asdict(result) | {"broken_thresholds": broken}) if args.json else _table(result, broken))
    return 1 if broken else 0


def _body(image: npt.NDArray[np.float32]) -> bytes:
    # Four decimals, as a client would send: what float32 prints beyond them is no information.
    return json.dumps({"instances": [np.round(image.astype(float), 4).tolist()]}).encode()


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


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Check a live MNIST classifier; the exit code says whether the thresholds held.")
    default = os.environ.get("MNIST_URL")
    parser.add_argument("--url", default=default, required=not default, help="address of :predict (V1) (default: MNIST_URL)")
    parser.add_argument("--requests", type=_at_least(MIN_REQUESTS), default=800, help=f"at least {MIN_REQUESTS} (default: %(default)s)")
    parser.add_argument("--concurrency", type=_at_least(1), default=10, help="connections (default: %(default)s)")
    parser.add_argument("--rate", type=float, help="requests per second on a clock (default: as fast as they are answered)")
    parser.add_argument("--min-accuracy", type=float, default=0.95, help="share of held-out digits (default: %(default)s)")
    parser.add_argument("--min-success-rate", type=float, default=1.0, help="share of requests (default: %(default)s)")
    parser.add_argument("--max-p95-ms", type=float, default=100.0, help="milliseconds (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    args = parser.parse_args()
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
