"""The progress that a person sees of a transfer, by a clock of the test."""

from __future__ import annotations

import io

import pytest

from scripts.publish.progress import Progress, amount


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_terminal_has_one_line_that_moves() -> None:
    out, clock = Terminal(), Clock()
    progress = Progress(out, clock)
    progress.start("sending model.pt", 4_000_000)
    clock.now += 0.1
    progress.moved(1_000_000)
    clock.now += 0.9
    progress.moved(1_000_000)
    progress.say("published")
    clear = "\r\x1b[K"
    assert out.getvalue() == f"{clear}sending model.pt: 2.0 MB of 4.0 MB, 50%, 1 s left{clear}published\n"


def test_a_log_has_a_line_now_and_then() -> None:
    out, clock = io.StringIO(), Clock()
    progress = Progress(out, clock)
    progress.start("sending model.pt", 30_000_000_000)
    for _ in range(12):
        clock.now += 5
        progress.moved(1_000_000_000)
    progress.say("published")
    lines = out.getvalue().splitlines()
    assert lines[0] == "sending model.pt: 2.0 GB of 30.0 GB, 7%, 140 s left"
    assert len(lines) == 7
    assert lines[-1] == "published"


def test_what_was_there_before_says_nothing_about_the_speed() -> None:
    out, clock = Terminal(), Clock()
    progress = Progress(out, clock)
    progress.start("sending model.pt", 100)
    progress.skipped(80)
    clock.now += 2
    progress.moved(10)
    assert out.getvalue().endswith("sending model.pt: 90 B of 100 B, 90%, 2 s left")


def test_a_second_transfer_starts_from_nothing() -> None:
    out, clock = Terminal(), Clock()
    progress = Progress(out, clock)
    for what in ("sending model.pt", "checking model.pt"):
        progress.start(what, 100)
        clock.now += 1
        progress.moved(50)
    assert out.getvalue().endswith("checking model.pt: 50 B of 100 B, 50%, 1 s left")


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (16_777_216, "16.8 MB"), (5e12, "5.0 TB"), (5e15, "5000.0 TB")]
)
def test_bytes_are_said_in_powers_of_1000(count: float, text: str) -> None:
    assert amount(count) == text
