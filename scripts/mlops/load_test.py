#!/usr/bin/env python3
"""Loads any live model and measures latency, throughput, failures, versions and replicas. `make load MODEL_NAME=<name>` calls it.

Exits 0 if every threshold held, 1 if one did not, 2 if the address does not answer or an option is wrong, 130 after Ctrl-C.
"""

import sys
from argparse import ArgumentParser, Namespace
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run by path, from any folder

from scripts.errors import DriverError
from scripts.mlops import llm_load, questions
from scripts.mlops.load import command
from scripts.mlops.load.options import Service
from scripts.mlops.load.plan import Plan
from scripts.mlops.load.running import Connect
from scripts.mlops.load.session import posting
from scripts.mlops.load.thresholds import Thresholds
from scripts.mlops.questions import OPENAI, Questions
from scripts.mlops.reach import Endpoint

BODIES = 400


def service(model: str, asked: Questions, thresholds: Thresholds) -> Service:
    """Return the load on a model that gives whole answers: it sends the model's questions in turn. A wrong answer is a failure."""

    def connect(endpoint: Endpoint, timeout: float) -> Connect:
        return posting(endpoint.url, endpoint.host, asked.bodies(BODIES), asked.check, timeout)

    return Service(
        description=f"Load {model}; the exit code says whether the thresholds held.",
        connect=connect,
        plan=Plan(seconds=60, clients=10),
        thresholds=thresholds,
        timeout=asked.timeout,
    )


def main(arguments: list[str] | None = None) -> int:
    """Return the exit code."""
    first = ArgumentParser(add_help=False, allow_abbrev=False)
    questions.add_options(first)
    args, _ = first.parse_known_args(arguments)
    try:
        return command.main(_service(args), arguments)
    except DriverError as error:
        print(f"error: {error}", file=sys.stderr)
        return command.NOT_MEASURED


def _service(args: Namespace) -> Service:
    thresholds = Thresholds(p95_ms=args.p95_ms, rate=0, success_rate=1)
    if args.protocol == OPENAI:
        loaded = llm_load.service(args.model, thresholds)
    else:
        asked = questions.of(args)
        loaded = service(args.model, asked, replace(thresholds, rate=asked.answers_per_second))

    def add_options(parser: ArgumentParser) -> None:
        questions.add_options(parser)
        loaded.add_options(parser)

    return replace(loaded, add_options=add_options)


if __name__ == "__main__":
    sys.exit(main())
