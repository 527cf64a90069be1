"""A killed bench leaves nothing of the programs it ran."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.confined import confined

RUN = "import subprocess, sys; subprocess.run(sys.argv[1:])"
SCRIPT = "mount -t tmpfs none {folder} && for tick in $(seq 400); do date > {ticks}; sleep 0.05; done"
"""Ticks for some 20 s at the most, should nobody end it."""

DEADLINE = 10.0
STILL = 0.5
"""Seconds without a tick, at twenty a second, after which nobody ticks any more."""


@pytest.mark.skipif(os.geteuid() != 0, reason="namespaces need root")
def test_a_killed_parent_takes_children_and_mounts_along(tmp_path: Path) -> None:
    folder, ticks = tmp_path / "mounted", tmp_path / "ticks"
    folder.mkdir()
    script = SCRIPT.format(folder=folder, ticks=ticks)
    with subprocess.Popen([sys.executable, "-c", RUN, *confined(["sh", "-c", script])]) as parent:
        _wait_for(ticks.exists)
        assert str(folder) not in Path("/proc/mounts").read_text()
        parent.kill()
    _wait_for(lambda: time.time() - ticks.stat().st_mtime > STILL)


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)
