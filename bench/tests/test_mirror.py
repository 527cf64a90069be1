"""The mirror: what is published is made once, whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bench import mirror
from bench.errors import BenchError


@dataclass(frozen=True)
class Note(mirror.Artifact):
    text: str

    kind = "note"
    folder_name = "notes"
    ending = "txt"

    def key(self) -> str:
        return f"{self.version} {self.text}"

    def make(self, path: Path) -> None:
        path.write_text(self.text)
        if "wrong" in self.text:
            raise BenchError("this is wrong")


NOTE = Note("note", "v1", "hello")


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(mirror, "MIRROR", tmp_path)
    monkeypatch.setattr(mirror, "KEYS", tmp_path / "keys")
    monkeypatch.setattr(mirror, "LOCK", tmp_path / "lock")
    return tmp_path


def test_a_second_run_makes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    mirror.ensure([NOTE])
    assert "making     note note" in capsys.readouterr().err
    written = NOTE.path.stat().st_mtime_ns
    mirror.ensure([NOTE])
    assert NOTE.path.stat().st_mtime_ns == written
    assert "1 of 1" in capsys.readouterr().err


def test_what_is_made_differently_is_made_again() -> None:
    mirror.ensure([NOTE])
    mirror.ensure([replace(NOTE, text="good day")])
    assert NOTE.path.read_text() == "good day"


def test_another_version_stands_beside_it(folder: Path) -> None:
    mirror.ensure([NOTE])
    mirror.ensure([replace(NOTE, version="v2")])
    assert sorted(path.name for path in (folder / "notes").iterdir()) == ["note-v1.txt", "note-v2.txt"]


def test_what_is_wrong_leaves_nothing_and_keeps_what_was_there(folder: Path) -> None:
    mirror.ensure([NOTE])
    with pytest.raises(BenchError, match="this is wrong"):
        mirror.ensure([replace(NOTE, text="wrong")])
    assert NOTE.path.read_text() == "hello"
    assert [path.name for path in folder.iterdir() if path.name.startswith("tmp")] == []
