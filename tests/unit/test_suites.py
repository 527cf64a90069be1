"""The runner of `make test`: order, exit code, output and interruption."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Event

import pytest

from tests import suites
from tests.suites import Suite
from tests.waiting import wait_for


def program(name: str, code: str) -> Suite:
    return Suite(name, [sys.executable, "-c", code])


def test_the_worst_exit_code_counts_and_every_suite_ends_with_its_last_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = program("good", "print('test_a PASSED'); print('=== 1 passed in 2 s ===')")
    bad = program("bad", "print('test_b FAILED'); print('=== 1 failed in 3 s ==='); raise SystemExit(1)")
    assert suites.run([[good], [bad]], tmp_path, Event()) == 1
    shown = capsys.readouterr().out
    assert "######## bad\ntest_b FAILED\n" in shown
    assert shown.endswith("\n\ngood: 1 passed in 2 s\nbad: 1 failed in 3 s\n")


def test_lanes_run_beside_each_other_and_a_lane_in_order(tmp_path: Path) -> None:
    def waiting(name: str, awaited: str) -> Suite:
        code = f"""
import pathlib, time
folder = pathlib.Path({str(tmp_path)!r})
(folder / {name!r}).touch()
assert {name!r} != "second" or (folder / "first-ended").exists()
while not (folder / {awaited!r}).exists(): time.sleep(0.05)
(folder / {name + "-ended"!r}).touch()
"""
        return program(name, code)

    assert (
        suites.run([[waiting("first", "beside"), waiting("second", "first-ended")], [waiting("beside", "first")]], tmp_path, Event()) == 0
    )


def test_a_suite_gives_way_with_all_that_it_starts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = "import os, sys, time; time.sleep(0.5); os.execv(sys.executable, [sys.executable, '-c', 'import os; print(os.nice(0))'])"
    assert suites.run([[Suite("beside", [sys.executable, "-c", code], niceness=5)]], tmp_path, Event()) == 0
    assert capsys.readouterr().out.endswith(f"\n\nbeside: {os.nice(0) + 5}\n")


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_lets_every_suite_clear_away(tmp_path: Path, number: signal.Signals) -> None:
    code = """
import signal, sys, time, pathlib
signal.signal(signal.SIGINT, signal.default_int_handler)
place = pathlib.Path(sys.argv[1])
place.touch()
try:
    time.sleep(60)
except KeyboardInterrupt:
    time.sleep(0.5)
    place.unlink()
    print("cleared away")
"""
    places = [tmp_path / "one", tmp_path / "other"]
    runner = f"""
import sys
from tests import suites
suites.LANES = [[suites.Suite(str(i), [sys.executable, "-c", {code!r}, place])] for i, place in enumerate(sys.argv[1:])]
sys.exit(suites.main())
"""
    with subprocess.Popen([sys.executable, "-c", runner, *map(str, places)], cwd=suites.ROOT, stdout=subprocess.PIPE, text=True) as process:
        wait_for(lambda: all(place.exists() for place in places), 30, "both suites to run")
        process.send_signal(number)
        shown, _ = process.communicate(timeout=30)
    assert process.returncode == suites.INTERRUPTED
    assert not any(place.exists() for place in places)
    assert shown.count("cleared away") == 2
