"""Shows a rollout in a terminal: one line for each step. The line of the current step is overwritten until the step ends."""

from __future__ import annotations

from typing import TextIO

from scripts.mlops.delivery.gates import Window, Windows
from scripts.mlops.delivery.journal import Judged
from scripts.mlops.delivery.plan import Step

HEAD = (
    f"{'step':15}{'share':>6}  {'stable: requests':>16}{'errors':>8}{'P95':>9}  {'candidate: requests':>19}{'errors':>8}{'P95':>9}"
    f"  {'s':>6}  verdict"
)
CLEAR = "\r\x1b[K"


class Table:
    def __init__(self, out: TextIO) -> None:
        self._out, self._live, self._headed = out, out.isatty(), False

    def show(self, step: Step, seconds: float, windows: Windows, verdict: str) -> None:
        """Write only to a terminal, where a line can be overwritten."""
        if self._live:
            self._head()
            print(CLEAR + _line(step.name, step.percent, windows, seconds, verdict)[:200], end="", file=self._out, flush=True)

    def settle(self, judged: Judged) -> None:
        self._head()
        verdict = f"{judged.verdict}: {judged.reason}" if judged.reason else judged.verdict
        self._say(_line(judged.name, judged.percent, judged.windows, judged.seconds, verdict))

    def say(self, text: str) -> None:
        self._say(text)

    def _head(self) -> None:
        if not self._headed:
            self._headed = True
            self._say(HEAD)

    def _say(self, text: str) -> None:
        print((CLEAR if self._live else "") + text, file=self._out, flush=True)


def _line(name: str, percent: int, windows: Windows, seconds: float, verdict: str) -> str:
    return f"{name:15}{percent:>4} %  {_cells(windows.stable, 16)}  {_cells(windows.candidate, 19)}  {seconds:>6.0f}  {verdict}"


def _cells(window: Window, width: int) -> str:
    if not window.requests:
        return f"{'-':>{width}}{'-':>8}{'-':>9}"
    p95 = "-" if window.p95_seconds is None else f"{window.p95_seconds * 1000:.1f} ms"
    return f"{window.requests:>{width}}{window.error_rate:>8.1%}{p95:>9}"
