"""One line per step of work with its duration, updated on a terminal and readable in a log.

All lines go to stderr, so that stdout carries only a command's result (`bench env`, `bench image`).
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

WIDTH = 60
"""Columns before the duration, so that the durations of all steps line up."""

TERMINAL_SECONDS = 1.0
LOG_SECONDS = 30.0
"""Seconds between two updates of a running step: a terminal's line is rewritten, a log gets one more line."""


@contextmanager
def step(what: str, stream: TextIO | None = None, *, expected: float = 0, then: float = 0) -> Iterator[None]:
    """Show `what` while the body runs, then its duration in seconds, or that it failed or was stopped.

    `expected`: seconds that it may take, and `then` those of the steps that follow, if they are known: both are shown meanwhile.
    """
    out = stream or sys.stderr
    started = time.monotonic()
    done = threading.Event()
    ticker = threading.Thread(target=_tick, args=(what, out, started, done, _plan(expected, then)), daemon=True)
    ticker.start()
    note = "failed after "
    try:
        yield
        note = ""
    except KeyboardInterrupt:
        note = "stopped after "
        raise
    finally:
        done.set()
        ticker.join()
        _write(out, what, f"{note}{_elapsed(started)}", last=True)


def line(what: str, note: str, stream: TextIO | None = None) -> None:
    """Show a step that took no time, such as a cached one."""
    _write(stream or sys.stderr, what, note, last=True)


def _tick(what: str, out: TextIO, started: float, done: threading.Event, plan: str) -> None:
    pause = TERMINAL_SECONDS if out.isatty() else LOG_SECONDS
    while not done.wait(pause):
        _write(out, what, f"{_elapsed(started)} {plan or 'so far'}", last=False)


def _plan(expected: float, then: float) -> str:
    return f"of about {expected:.0f} s" + (f", then {then / 60:.0f} min" if then >= 60 else "") if expected else ""


def _elapsed(started: float) -> str:
    return f"{time.monotonic() - started:.0f} s"


def _write(out: TextIO, what: str, note: str, *, last: bool) -> None:
    text = f"  {what} ".ljust(WIDTH, ".") + f" {note}"
    if out.isatty():
        # Erase to the end of the line, because the previous note may have been longer.
        out.write(f"\r{text}\x1b[K" + ("\n" if last else ""))
    else:
        out.write(text + "\n")
    out.flush()
