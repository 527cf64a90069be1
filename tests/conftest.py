"""The tests' own bench node, instance `test`: no test touches the node or the platform of the person who runs them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.node import platform


def pytest_configure() -> None:
    """A shell starts background commands with Ctrl-C ignored, and what they start inherits it; here Ctrl-C is under test."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything that needs the node is skipped, with doctor's reason, where it can't run, and nowhere else."""
    needing = [item for item in items if item.get_closest_marker("node") or item.get_closest_marker("engine")]
    if not needing:
        return
    doctor = subprocess.run(
        [sys.executable, "-m", "bench", "doctor", "--instance", "test"], cwd=platform.ROOT, capture_output=True, text=True, check=False
    )
    if doctor.returncode != 0:
        for item in needing:
            item.add_marker(pytest.mark.skip(reason=f"no node can run here: {doctor.stdout}"))


@pytest.fixture(scope="session")
def node() -> Iterator[dict[str, str]]:
    """A running node and the environment in which `pulumi`, `kubectl` and `helm` are the bench's; removed at the end."""
    assert platform.run(sys.executable, "-m", "bench", "up").status == 0
    found = platform.bench()
    yield platform.environment() | {"PATH": os.pathsep.join([*found["path"], os.environ["PATH"]]), "KUBECONFIG": found["kubeconfig"]}
    assert platform.run(sys.executable, "-m", "bench", "down").status == 0
