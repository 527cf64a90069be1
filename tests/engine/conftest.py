"""Where the engine tests run: the caller's cluster and tools, else the bench node of the tests."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.harness import Cluster, Stack


@pytest.fixture(scope="session")
def environment(request: pytest.FixtureRequest) -> dict[str, str]:
    """PATH and KUBECONFIG with Pulumi, kubectl, helm and an API server."""
    if os.environ.get("KUBECONFIG") and shutil.which("pulumi") and shutil.which("kubectl"):
        return dict(os.environ)
    node: dict[str, str] = request.getfixturevalue("node")
    return node


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
