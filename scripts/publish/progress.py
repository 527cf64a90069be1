"""Progress of a transfer: one updated line on a terminal, a line every few seconds elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TextIO

TERMINAL_SECONDS = 0.2
LOG_SECONDS = 10.0
"""Seconds between two lines."""

CLEAR = "\r\x1b[K"
UNITS = ("B", "kB", "MB", "GB", "TB")


class Progress:
    """Shows one transfer after the other. `clock` gives seconds."""

    def __init__(self, out: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._out, self._clock, self._is_terminal = out, clock, out.isatty()
        self._pause = TERMINAL_SECONDS if self._is_terminal else LOG_SECONDS
        self.start("", 0)

    def start(self, what: str, total: int) -> None:
        """`total` is in bytes."""
        self._what, self._total = what, total
        self._done = self._moved = 0
        self._began = self._shown = self._clock()

    def moved(self, count: int) -> None:
        """So many bytes more went over the network."""
        self._moved += count
        self._advance(count)

    def skipped(self, count: int) -> None:
        """So many bytes more were there before: they say nothing about the speed."""
        self._advance(count)

    def say(self, text: str) -> None:
        """A line that stays."""
        print((CLEAR if self._is_terminal else "") + text, file=self._out, flush=True)

    def clear(self) -> None:
        """Takes the moving line away, for what others write."""
        if self._is_terminal:
            print(CLEAR, end="", file=self._out, flush=True)

    def _advance(self, count: int) -> None:
        self._done += count
        now = self._clock()
        if now - self._shown < self._pause:
            return
        self._shown = now
        line = self._line(now - self._began)
        if self._is_terminal:
            print(CLEAR + line, end="", file=self._out, flush=True)
        else:
            print(line, file=self._out, flush=True)

    def _line(self, seconds: float) -> str:
        share = self._done / self._total if self._total else 1
        left = f", {(self._total - self._done) * seconds / self._moved:.0f} s left" if self._moved else ""
        return f"{self._what}: {amount(self._done)} of {amount(self._total)}, {share:.0%}{left}"


def amount(count: float) -> str:
    """A number of bytes for a person, in powers of 1000."""
    power = 0
    while count >= 1000 and power < len(UNITS) - 1:
        count, power = count / 1000, power + 1
    return f"{count:.{1 if power else 0}f} {UNITS[power]}"
