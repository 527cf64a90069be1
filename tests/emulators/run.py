"""Programs of this folder, run with its own packages."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
LONGEST_SECONDS = 600


def output(packages: Mapping[str, str], program: str, given: Any, *arguments: str) -> str:  # noqa: ANN401 - any JSON
    """Return what `python -m tests.emulators.<program>` prints for this input. `packages`: the fixture of tests/engine/conftest.py."""
    command = [sys.executable, "-m", f"tests.emulators.{program}", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env=packages, input=json.dumps(given), capture_output=True, text=True, timeout=LONGEST_SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
