"""Where the engine tests run: the caller's cluster and tools, else the bench node of the tests. And the packages of AWS's emulators."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import nodes
from tests.engine.harness import Cluster, Stack

EMULATORS = nodes.ROOT / "tests/emulators/requirements.txt"
PACKAGES = nodes.ROOT / "build/emulators"


@pytest.fixture(scope="session")
def environment() -> Iterator[dict[str, str]]:
    """PATH and KUBECONFIG with Pulumi, kubectl, helm and an API server. A node that was started for it is removed at the end."""
    if own := nodes.own_cluster():
        yield own
        return
    try:
        started = nodes.bench(nodes.CONTRACT, "up")
        assert started.returncode == 0, started.stdout
        found = nodes.described(nodes.CONTRACT)
        path = os.pathsep.join([*found["path"], os.environ["PATH"]])
        yield nodes.environment(nodes.CONTRACT) | {"PATH": path, "KUBECONFIG": found["kubeconfig"]}
    finally:
        removed = nodes.bench(nodes.CONTRACT, "down")
        assert removed.returncode == 0, removed.stdout


@pytest.fixture(scope="session")
def cluster(environment: dict[str, str]) -> Cluster:
    return Cluster(environment)


@pytest.fixture(scope="module")
def namespace(cluster: Cluster) -> Iterator[str]:
    name = f"contract-{secrets.token_hex(3)}"
    cluster.kubectl("create", "namespace", name)
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture
def stack(tmp_path: Path, environment: dict[str, str]) -> Stack:
    return Stack(tmp_path, environment)  # what it makes goes with the namespace


@pytest.fixture(scope="session")
def packages() -> dict[str, str]:
    """The environment in which Python finds AWS's emulators and the linter of IAM documents."""
    mark = PACKAGES / ".installed"
    if not mark.exists() or mark.read_text() != EMULATORS.read_text():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--upgrade", "--target", str(PACKAGES)]
        # pip compares them with this Python's own packages, which they do not meet: its words matter only if it fails.
        subprocess.run([*pip, "--requirement", str(EMULATORS)], check=True, capture_output=True)
        mark.write_text(EMULATORS.read_text())
    return {**os.environ, "PYTHONPATH": str(PACKAGES)}
