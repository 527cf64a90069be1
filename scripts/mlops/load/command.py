"""The common part of the load's entry points: reach the service, load it, count its replicas, report, judge."""

from __future__ import annotations

import json
import sys
import time
from contextlib import nullcontext
from pathlib import Path

from scripts.errors import DriverError
from scripts.mlops.load.extra import Extra, Gauges
from scripts.mlops.load.measurement import NoAnswer, RequestFailed, Sample, percentile
from scripts.mlops.load.options import Options, Service, read
from scripts.mlops.load.replicas import ReplicaWatch, watched
from scripts.mlops.load.report import Outcome
from scripts.mlops.load.running import Connect, Running, start
from scripts.mlops.load.table import table
from scripts.mlops.reach import reachable, surroundings

HELD, BROKE, NOT_MEASURED, INTERRUPTED = 0, 1, 2, 130
PROGRESS_SECONDS = 5.0


def main(service: Service, arguments: list[str] | None = None) -> int:
    """Return the exit code: 0 the thresholds held, 1 one did not, 2 nothing was measured, 130 interrupted, with a report all the same."""
    options = read(service, arguments)
    try:
        outcome = _measured(options)
    except (ValueError, NoAnswer, DriverError) as error:
        print(f"error: {options.url}: {error}; is the platform up (make up), and can this machine reach it?", file=sys.stderr)
        return NOT_MEASURED
    except KeyboardInterrupt:  # before the load began, or a second one
        return INTERRUPTED
    if not outcome.measurement.samples:
        print("error: it ended before anything was measured", file=sys.stderr)
        return INTERRUPTED if outcome.interrupted else NOT_MEASURED
    _show(outcome, options)
    if outcome.interrupted:
        return INTERRUPTED
    return BROKE if outcome.broken() else HELD


def _measured(options: Options) -> Outcome:
    names = [name for _, name in options.replicas_of]
    environment = surroundings(options.url)
    watching = watched(options.replicas_of[0][0], names, environment) if names else nullcontext()
    with reachable(options.url, environment, options.host) as endpoint, watching as watch:
        connect = options.service.connect(endpoint, options.timeout)
        _expect_answer(connect)
        running = start(options.plan, connect)
        interrupted = _until_over(running, options.settle, watch)
        measurement = running.result()
        replicas = list(watch.changes) if watch else None
    extra, began, ended = options.service.extra, measurement.started, time.time()
    return Outcome(
        options.url,
        options.plan,
        measurement,
        options.thresholds,
        options.steady_from,
        replicas,
        ended=ended,
        interrupted=interrupted,
        extra=extra,
        conditions=extra.conditions(began + options.steady_from, began + measurement.seconds) if extra else [],
        gauges=_gauges(extra, began, ended) if extra else {},
    )


def _gauges(extra: Extra, began: float, ended: float) -> Gauges:
    """Add the servers' own metrics. The report is valid without them."""
    try:
        return extra.gauges(began, ended)
    except DriverError as error:
        _tell(f"the servers' own metrics are missing: {error}")
        return {}


def _expect_answer(connect: Connect) -> None:
    """Raises NoAnswer. A service with wrong answers is still measured."""
    try:
        connect()(-1)  # a number of the warm-up, so the measured requests are sent for the first time
    except NoAnswer:
        raise
    except RequestFailed:
        pass


def _until_over(running: Running, settle: float, watch: ReplicaWatch | None) -> bool:
    """Show the progress on standard error. Return whether Ctrl-C ended the load."""
    try:
        seen = 0
        while not running.wait(PROGRESS_SECONDS):
            samples = running.samples
            _tell(f"{_elapsed(running)}  {_recent(samples[seen:])}{_ready(watch)}")
            seen = len(samples)
        settled = time.monotonic() + settle
        while (left := settled - time.monotonic()) > 0:
            time.sleep(min(PROGRESS_SECONDS, left))
            _tell(f"{_elapsed(running)}  the load has ended{_ready(watch)}")
    except KeyboardInterrupt:
        running.stop()
        _tell("interrupted: waiting for the answers that are under way; Ctrl-C again to give up")
        return True
    return False


def _elapsed(running: Running) -> str:
    return f"{time.time() - running.started:5.0f} s"  # below 0: the warm-up


def _recent(samples: tuple[Sample, ...]) -> str:
    if not samples:
        return "nothing measured"
    failed = sum(sample.failure is not None for sample in samples)
    p95 = 1000 * percentile(sorted(sample.seconds for sample in samples), 95)
    return f"{(len(samples) - failed) / PROGRESS_SECONDS:6.1f} answers/s  {failed} failed  P95 {p95:.1f} ms"


def _ready(watch: ReplicaWatch | None) -> str:
    return f"  {watch.now.ready} of {watch.now.total} replicas ready" if watch else ""


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _show(outcome: Outcome, options: Options) -> None:
    report = outcome.report()
    print(table(report), file=sys.stderr if options.json == "-" else sys.stdout)
    if options.json == "-":
        print(json.dumps(report))
    elif options.json:
        Path(options.json).write_text(json.dumps(report, indent=2) + "\n")
    if options.png:
        from scripts.mlops.load.chart import draw  # matplotlib takes a second to import, and only pictures need it

        draw(report, options.png)
