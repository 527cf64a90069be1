"""Where the engine tests run: the caller's cluster and tools, else the bench node of the tests."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.harness import Cluster

_ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def environment() -> dict[str, str]:
    """PATH and KUBECONFIG with Pulumi, kubectl, helm and an API server; skips where there is none."""
    if os.environ.get("KUBECONFIG") and shutil.which("pulumi") and shutil.which("kubectl"):
        return dict(os.environ)
    command = [sys.executable, "-m", "bench", "env", "--instance", "test"]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        pytest.skip(f"no cluster: set KUBECONFIG, or `python -m bench up --instance test` ({done.stderr.strip().splitlines()[-1:]})")
    found = json.loads(done.stdout)
    path = os.pathsep.join([*found["path"], os.environ.get("PATH", "")])
    return {**os.environ, "PATH": path, "KUBECONFIG": found["kubeconfig"]}


@pytest.fixture(scope="session")
def cluster(environment: dict[str, str]) -> Cluster:
    return Cluster(environment)
