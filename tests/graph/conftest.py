"""The graph of the `local` stack, recorded once for all tests that only read it."""

from __future__ import annotations

import pytest

from tests.graph.recording import Graph
from tests.graph.stacks import local


@pytest.fixture(scope="session")
def graph() -> Graph:
    return local(cluster={"kind": "existing", "kubeconfig": "/root/secret-path/kubeconfig", "identifier": "bench-default"})
