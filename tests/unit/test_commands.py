"""Other programs on the user's terminal: an interruption ends them in their own way before it ends the caller."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.commands import ROOT
from tests.waiting import wait_for

CALLER = """
import os, sys
from scripts.commands import show
try:
    show(sys.argv[1:], os.environ)
except KeyboardInterrupt:
    sys.exit(130)
"""

RECORDS = """
trap 'sleep 0.5; echo "$1" >> "$2/recorded"' INT TERM
touch "$2/running"
for _ in 1 2 3 4 5 6 7 8 9 10; do sleep 0.3; done
"""
"""Takes its time to write down that it was interrupted, as pulumi does; every signal that it gets is one line."""


@pytest.mark.slow
@pytest.mark.parametrize(("number", "to_all"), [(signal.SIGTERM, False), (signal.SIGINT, True)], ids=["kill", "Ctrl-C"])
def test_an_interrupted_command_records_what_it_did_before_the_caller_ends(tmp_path: Path, number: signal.Signals, to_all: bool) -> None:
    command = [sys.executable, "-c", CALLER, "sh", "-c", RECORDS, "sh", "interrupted", str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, start_new_session=True) as caller:
        wait_for((tmp_path / "running").exists, 20, "the command runs")
        (os.killpg if to_all else os.kill)(caller.pid, number)
        assert caller.wait(timeout=20) == 130
    assert (tmp_path / "recorded").read_text() == "interrupted\n"
