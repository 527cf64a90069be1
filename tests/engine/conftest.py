"""Where the engine tests run: the caller's cluster and tools, else the bench node of the tests."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import nodes
from tests.engine.harness import Cluster, Stack


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
