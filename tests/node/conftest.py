"""The platform that the tests of this folder share: up once, and taken down after the last of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scripts.mlops.reach import Endpoint
from tests.node import platform


@pytest.fixture(scope="session")
def up() -> Iterator[platform.Done]:
    """`make up`, for the second time: the first was killed in the middle of a chart's installation."""
    try:
        platform.run_until_killed("Release cert-manager creating", "up")
        yield platform.local("up")
    finally:
        removed = platform.local("down")
        assert removed.status == 0, removed.output[-3000:]


@pytest.fixture
def mnist(up: platform.Done) -> Endpoint:
    """The MNIST classifier, as this machine reaches it."""
    assert up.status == 0, up.output[-3000:]
    return platform.endpoint()
