"""`make test`: `make check` and the suites that need a node, side by side, since those mostly wait.

Each suite is a pytest run of its own on nodes of its own. Its output goes to a log that is shown whole when it ends;
meanwhile a line now and then says which test each suite is at.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from types import FrameType

ROOT = Path(__file__).resolve().parents[1]

SECONDS_BETWEEN_LINES = 30
INTERRUPTED = 130
"""Exit code of a program that was stopped with Ctrl-C, by shell convention."""


BESIDE = 5
"""Niceness of the suites beside the longest one."""


@dataclass(frozen=True)
class Suite:
    name: str
    command: Sequence[str]
    niceness: int = 0


def marked(name: str, marks: str, folder: str, niceness: int = BESIDE) -> Suite:
    """The tests that pytest's `-m` selects of a folder: to collect all tests takes ten seconds of a core."""
    return Suite(name, [sys.executable, "-m", "pytest", "-v", "--durations=10", "-m", marks, folder], niceness)


LANES = [
    [marked("platform", "node and not lifecycle and not parts and not acceptance", "tests/node", niceness=0)],
    [marked("engine", "engine", "tests/engine"), marked("parts", "parts", "tests/node")],
    [marked("lifecycle", "lifecycle", "tests/node"), Suite("check", ["make", "--no-print-directory", "check", "ALL=yes"], BESIDE)],
]
"""Lanes run at the same time, each from left to right. Two suites of one node share a lane. `platform` is the longest and waits most of
its time: the others give way to it, and compute while it waits.
"""


class Running:
    """A suite in a process group of its own, so that an interruption reaches it once, together with all that it started."""

    def __init__(self, suite: Suite, folder: Path) -> None:
        self.name = suite.name
        self.log = folder / f"{suite.name}.log"
        self.began = time.monotonic()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(suite.command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        os.setpriority(os.PRIO_PGRP, self.process.pid, os.nice(0) + suite.niceness)
        with suppress(OSError):  # where Linux shares its cores among sessions, one's own priority counts within the session only
            Path(f"/proc/{self.process.pid}/autogroup").write_text(str(suite.niceness))

    @property
    def text(self) -> str:
        return self.log.read_text(errors="replace")

    @property
    def last_line(self) -> str:
        """Pytest's own word on where it is, or on how it ended."""
        return next((line.strip("= ") for line in reversed(self.text.splitlines()) if line.strip("= ")), "starting")

    def progress(self) -> str:
        return f"{self.name}, {time.monotonic() - self.began:.0f} s: {self.last_line}"

    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def signal(self, number: signal.Signals) -> None:
        if not self.has_ended():
            os.killpg(self.process.pid, number)


def run(lanes: Sequence[Sequence[Suite]], folder: Path, interrupted: Event) -> int:
    """Runs every suite to its end, shows what it printed, and returns the worst exit code."""
    started: list[Running] = []
    try:
        _run_lanes([list(lane) for lane in lanes], folder, started, interrupted)
        if interrupted.is_set():
            print("stopping: every suite removes its node", flush=True)
            _stop(started)
            return INTERRUPTED
    finally:
        for suite in started:
            suite.signal(signal.SIGKILL)
    print("\n".join(["", *(f"{suite.name}: {suite.last_line}" for suite in started)]), flush=True)
    worst: int = max(abs(suite.process.returncode) for suite in started)
    return worst


def _run_lanes(waiting: list[list[Suite]], folder: Path, started: list[Running], interrupted: Event) -> None:
    def next_of(lane: list[Suite]) -> Running | None:
        if not lane:
            return None
        started.append(Running(lane.pop(0), folder))
        return started[-1]

    current = [next_of(lane) for lane in waiting]
    next_line = time.monotonic() + SECONDS_BETWEEN_LINES
    while any(current) and not interrupted.is_set():
        time.sleep(0.1)
        for place, suite in enumerate(current):
            if suite and suite.has_ended():
                _show(suite)
                current[place] = next_of(waiting[place])
        if time.monotonic() >= next_line:
            next_line += SECONDS_BETWEEN_LINES
            print("\n".join(suite.progress() for suite in current if suite), flush=True)


def _stop(started: Sequence[Running]) -> None:
    """Ctrl-C for each suite that still runs, as if it had been typed there, and the time that it needs to clear away."""
    running = [suite for suite in started if not suite.has_ended()]
    for suite in running:
        suite.signal(signal.SIGINT)
    for suite in running:
        suite.process.wait()
        _show(suite)


def _show(suite: Running) -> None:
    print(f"\n######## {suite.name}\n{suite.text}", flush=True)


def _on_first_signal(interrupted: Event) -> None:
    """Ctrl-C or a polite kill sets the event; the next one ends this program and the suites at once.

    An exception from the handler could leave the lock of a Popen that was just polled held, and waiting for it would never end.
    """

    def note(_signal: int, _frame: FrameType | None) -> None:
        interrupted.set()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, note)


def main() -> int:
    interrupted = Event()
    _on_first_signal(interrupted)
    with tempfile.TemporaryDirectory() as folder:
        return run(LANES, Path(folder), interrupted)


if __name__ == "__main__":
    sys.exit(main())
