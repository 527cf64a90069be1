#!/usr/bin/env python3
"""Checks the answers of a live model: status, schema, latency, success rate, and accuracy if its questions have right answers.

`make accuracy MODEL_NAME=<name>` calls it. Exits 0 if every threshold held, 1 if one did not, 2 if the address does not answer or an option
is wrong.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run by path, from any folder

from scripts.errors import DriverError
from scripts.mlops import questions
from scripts.mlops.load.measurement import Answered, Measurement, RequestFailed, percentile
from scripts.mlops.load.options import positive
from scripts.mlops.load.plan import Plan
from scripts.mlops.load.running import Request, start
from scripts.mlops.load.session import HttpSession
from scripts.mlops.questions import Labelled, Questions
from scripts.mlops.reach import Endpoint, reachable, surroundings

MIN_LABELLED = 400  # three in four of the digits' questions have a right answer: an accuracy needs 300 of them to mean something
LABELLED, UNLABELLED = 800, 100
"""Default number of requests: for a model whose questions have right answers, and for any other model."""


@dataclass(frozen=True)
class Subject:
    """The model to check; `url` and `p95_ms` are the defaults of the command line's options."""

    model: str
    questions: Questions
    url: str | None = None
    p95_ms: float | None = None


@dataclass(frozen=True)
class Thresholds:
    """The limits that a run must keep: shares of 0..1, and milliseconds. None sets no limit."""

    accuracy: float
    success_rate: float
    p95_ms: float | None


@dataclass(frozen=True)
class Result:
    """Results of a run; latencies in milliseconds. `accuracy` is None if no question has a right answer."""

    requests: int
    requests_per_second: float
    success_rate: float
    failures: dict[str, int]
    accuracy: float | None
    labelled_questions: int
    latency_ms: dict[str, float]

    def broken(self, thresholds: Thresholds) -> list[str]:
        """Return one line for each threshold that did not hold."""
        accuracy, p95, limit = self.accuracy, self.latency_ms["p95"], thresholds.p95_ms
        checks = [
            (accuracy is None or accuracy >= thresholds.accuracy, f"accuracy {accuracy or 0:.4f} is below {thresholds.accuracy}"),
            (self.success_rate >= thresholds.success_rate, f"success rate {self.success_rate:.4f} is below {thresholds.success_rate}"),
            (limit is None or p95 < limit, f"P95 {p95:.1f} ms is not below {limit or 0:g} ms"),
        ]
        return [line for held, line in checks if not held]


def measure(endpoint: Endpoint, asked: Questions, requests: int, concurrency: int, rate: float | None) -> Result:
    """Send this number of questions and judge the answers."""
    batch = _batch(asked, requests)
    answers: dict[int, object] = {}

    def connect() -> Request:
        session = HttpSession(endpoint.url, asked.timeout, endpoint.host)

        def request(number: int) -> Answered:
            answer = session.post(batch[number % len(batch)][0])
            answers[number] = asked.check(answer.content)
            return Answered(answer.version)

        return request

    run = start(Plan(requests=requests, rate=rate, clients=concurrency), connect).result()
    return _result(run, batch, answers)


def check(subject: Subject, arguments: list[str] | None = None) -> int:
    """Return the exit code."""
    return _run(subject, _read(subject, arguments))


def main(arguments: list[str] | None = None) -> int:
    """Return the exit code. The options say which model is checked."""
    first = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    questions.add_options(first)
    args, _ = first.parse_known_args(arguments)
    try:
        subject = Subject(args.model, questions.of(args), p95_ms=args.p95_ms)
    except DriverError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return _run(subject, _read(subject, arguments, questions.add_options))


def _run(subject: Subject, args: argparse.Namespace) -> int:
    asked = subject.questions
    try:
        with reachable(args.url, surroundings(args.url)) as endpoint:
            HttpSession(endpoint.url, asked.timeout, endpoint.host).post(asked.bodies(1)[0])
            result = measure(endpoint, asked, args.requests, args.concurrency, args.rate)
    except (ValueError, RequestFailed, DriverError) as error:
        print(f"error: {args.url}: {error}; is the platform up (make up), and can this machine reach it?", file=sys.stderr)
        return 2
    broken = result.broken(Thresholds(args.min_accuracy, args.min_success_rate, args.max_p95_ms))
    print(json.dumps(asdict(result) | {"broken_thresholds": broken}) if args.json else _table(subject.model, result, broken))
    return 1 if broken else 0


def _batch(asked: Questions, requests: int) -> Sequence[Labelled]:
    return asked.labelled(requests) if asked.labelled else [(body, None) for body in asked.bodies(requests)]


def _result(run: Measurement, batch: Sequence[Labelled], answers: dict[int, object]) -> Result:
    labelled = [number for number in range(len(run.samples)) if batch[number % len(batch)][1] is not None]
    right = sum(answers.get(number) == batch[number % len(batch)][1] for number in labelled)
    latencies = run.latencies
    return Result(
        requests=len(run.samples),
        requests_per_second=round(run.per_second, 1),
        success_rate=run.success_rate,
        failures=run.failures,
        accuracy=right / len(labelled) if labelled else None,
        labelled_questions=len({batch[number % len(batch)][0] for number in labelled}),
        latency_ms={"avg": _ms(sum(latencies) / len(latencies))} | {f"p{rank}": _ms(percentile(latencies, rank)) for rank in (50, 95, 99)},
    )


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)


def _table(model: str, result: Result, broken: list[str]) -> str:
    latency = "  ".join(f"{name} {value:.1f}" for name, value in result.latency_ms.items())
    accuracy = (
        f"not measured: no question to {model} has a known right answer; success and latency only"
        if result.accuracy is None
        else f"{result.accuracy:.2%} on {result.labelled_questions} questions that the model never saw"
    )
    lines = [
        f"requests      {result.requests}, {result.requests_per_second} per second",
        f"success rate  {result.success_rate:.2%}",
        f"accuracy      {accuracy}",
        f"latency (ms)  {latency}",
        *(f"failed        {count} x {reason}" for reason, count in result.failures.items()),
        *(f"BROKEN        {line}" for line in broken),
    ]
    return "\n".join(lines if broken else [*lines, "all thresholds held"])


def _no_options(_parser: argparse.ArgumentParser) -> None:
    pass


def _read(
    subject: Subject, arguments: list[str] | None, add_options: Callable[[argparse.ArgumentParser], None] = _no_options
) -> argparse.Namespace:
    is_labelled = subject.questions.labelled is not None
    default, fewest = (LABELLED, MIN_LABELLED) if is_labelled else (UNLABELLED, 1)
    parser = argparse.ArgumentParser(description=f"Check the answers of {subject.model}; the exit code says whether the thresholds held.")
    shown = f" (default: {subject.url})" if subject.url else ""
    parser.add_argument("--url", default=subject.url, required=subject.url is None, help=f"address of its predictions{shown}")
    parser.add_argument("--requests", type=_at_least(fewest), default=default, help=f"at least {fewest} (default: %(default)s)")
    parser.add_argument("--concurrency", type=_at_least(1), default=10, help="clients without --rate (default: %(default)s)")
    parser.add_argument("--rate", type=positive, help="requests per second, at random moments (default: as fast as they are answered)")
    parser.add_argument("--min-accuracy", type=float, default=0.95, help="share of labelled questions (default: %(default)s)")
    parser.add_argument("--min-success-rate", type=float, default=1.0, help="share of requests (default: %(default)s)")
    parser.add_argument("--max-p95-ms", type=float, default=subject.p95_ms, help="milliseconds (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_options(parser)
    return parser.parse_args(arguments)


def _at_least(minimum: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isdigit() or int(text) < minimum:
            raise argparse.ArgumentTypeError(f"must be a whole number of at least {minimum}, got {text!r}")
        return int(text)

    return parse


if __name__ == "__main__":
    sys.exit(main())
