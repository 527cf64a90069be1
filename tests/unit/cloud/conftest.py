"""A machine with a fake AWS CLI and nothing else, and a good account behind it."""

from __future__ import annotations

import copy
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.cloud.machine import FAKE, STACK, Machine, good_account


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listening: int) -> Machine:
    """Nothing else on PATH, and no setting of whoever runs the tests."""
    programs = tmp_path / "bin"
    programs.mkdir()
    _executable(programs / "aws", FAKE)
    _executable(programs / "pulumi", "#!/bin/false\n")
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://state-bucket/platform?region=eu-west-1")
    return Machine(tmp_path, good_account(listening), copy.deepcopy(STACK))


@pytest.fixture
def listening() -> Iterator[int]:
    """The port of an API server that is reachable: a connection is all that is tried."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        yield port


def _executable(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)
