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
from scripts.stack_file import read, with_keys
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


MODELS = "config:\n  inference-platform:models:\n    iris: {source: s3://models/a}\n    wine: {source: s3://models/b}\n"


@pytest.mark.parametrize(
    ("more", "key", "lines"),
    [
        ("    iris: {source: s3://models/c}\n", "iris", (5, 3)),
        ('    "iris": {source: s3://models/c}\n', "iris", (5, 3)),
        ("    other: {a: 1, b: {c: 1},\n      a: 2}\n", "a", (6, 5)),
        ("    other: {a: 1, b: 1, a: 2}\n", "a", (5, 5)),
        ("  inference-platform:models: {}\n", "inference-platform:models", (5, 2)),
        ("config: {}\n", "config", (5, 1)),
    ],
)
def test_a_key_that_stands_twice_is_refused(file: Path, more: str, key: str, lines: tuple[int, int]) -> None:
    file.write_text(MODELS + more)
    with pytest.raises(DriverError) as raised:
        read(file)
    assert (
        str(raised.value) == f"Pulumi.dev.yaml: it is not valid YAML: line {lines[0]} has the key {key}, which line {lines[1]} has already"
    )


def test_a_merged_key_may_be_overridden(file: Path) -> None:
    """`c` merges `b` before `b` itself is constructed, because `b` is deeper in the file."""
    file.write_text("config:\n  inference-platform:models: {x: {y: {b: &b {<<: &a {k: 1, l: 1}, k: 2}}}, c: {<<: *b, l: 3}}\n")
    assert read(file)["models"] == {"x": {"y": {"b": {"k": 2, "l": 1}}}, "c": {"k": 2, "l": 3}}


@pytest.mark.parametrize("key", ["inference-plattform:models", "inference_platform:models", "Inference-Platform:models"])
def test_a_mistyped_namespace_is_refused(file: Path, key: str) -> None:
    file.write_text(f"{MODELS}  {key}: {{}}\n")
    with pytest.raises(DriverError) as raised:
        read(file)
    assert str(raised.value) == f"Pulumi.dev.yaml: config has the key {key}: did you mean the namespace inference-platform?"


def test_other_namespaces_are_nothing_to_the_reader(file: Path) -> None:
    others = ("aws:region: a", "kubernetes:context: b", "pulumi:tags: {}", "inference:x: 1", "1: 2")
    file.write_text(MODELS + "".join(f"  {other}\n" for other in others))
    assert list(read(file)["models"]) == ["iris", "wine"]


def test_what_is_no_section_stays_for_the_program_to_refuse() -> None:
    assert with_keys("abc", {"charts": "/c"}) == "abc"
    assert with_keys(None, {"charts": "/c"}) == {"charts": "/c"}
    assert with_keys({"charts": "/a", "registry": "r"}, {"charts": "/c"}) == {"charts": "/c", "registry": "r"}
