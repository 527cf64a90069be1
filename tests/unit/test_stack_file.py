"""A stack file that cannot be read is one line, which begins with the file's name, in every program that reads one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.cloud import __main__ as cloud
from scripts.cloud import backend
from scripts.cloud.preview import scratch_stack
from scripts.errors import DriverError
from scripts.preview import __main__ as previews
from scripts.stack_file import read
from scripts.supply import mirror_list

WRONG = {
    b"config:\n    bad\n  x: [\n": "it is not valid YAML: ",
    b"config: {a: 2026-13-45}\n": "it is not valid YAML: month must be in 1..12",
    b"": "it has no keys below config:",
    b"config: []\n": "it has no keys below config:",
    b"config: {a: '\xff'}\n": "it cannot be read: 'utf-8' codec can't decode",
}
PROGRAMS: dict[str, Callable[[], int]] = {
    "scripts.preview dev": previews.main,
    "scripts.preview dev --refresh --expect-no-changes": previews.main,
    "scripts.cloud doctor dev": cloud.main,
    "scripts.supply.mirror_list dev": mirror_list.main,
}


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("scripts.stack_file.ROOT", tmp_path)
    return tmp_path / "Pulumi.dev.yaml"


@pytest.mark.parametrize(("content", "problem"), WRONG.items())
@pytest.mark.parametrize("command", PROGRAMS)
def test_a_file_that_cannot_be_read_is_one_line(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str, content: bytes, problem: str
) -> None:
    file.write_bytes(content)
    monkeypatch.setattr(sys, "argv", command.split())
    assert PROGRAMS[command]() == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: Pulumi.dev.yaml: {problem}")


@pytest.mark.parametrize(("content", "problem"), WRONG.items())
def test_the_other_readers_say_the_same(file: Path, content: bytes, problem: str) -> None:
    file.write_bytes(content)
    readers: list[Callable[[], object]] = [
        lambda: read(file),
        lambda: scratch_stack(file.parent, "dev", {}, {}),
        lambda: backend.secrets_provider(file),
    ]
    for reader in readers:
        with pytest.raises(DriverError) as raised:
            reader()
        assert str(raised.value).startswith(f"Pulumi.dev.yaml: {problem}")
