"""Where the engine tests run: the caller's cluster and tools, else the bench node of the tests."""

from __future__ import annotations

import os
import shutil

import pytest

from tests.engine.harness import Cluster


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
