"""Ctrl-C ends every program with one line and exit status 130, also in the seconds in which it imports its modules."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.commands import ROOT

PROGRAMS = ["scripts.preview", "scripts.cloud", "scripts.local", "scripts.publish", "scripts.mlops.rollout", "scripts.supply.mirror_list"]


@pytest.mark.parametrize("program", PROGRAMS)
def test_an_interruption_of_the_imports_is_one_line(tmp_path: Path, program: str) -> None:
    """A fake of the `yaml` module interrupts its import."""
    (tmp_path / "yaml.py").write_text("import signal\nsignal.raise_signal(signal.SIGINT)\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-m", program], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "\ninterrupted\n")


def test_another_exception_has_its_traceback(tmp_path: Path) -> None:
    (tmp_path / "yaml.py").write_text("raise ValueError('broken')\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-m", "scripts.preview"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert done.stderr.endswith("ValueError: broken\n")
