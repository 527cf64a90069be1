"""Which files are published under which keys, and what is refused before the store is asked."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from components.serving.sources import Source
from scripts.errors import DriverError
from scripts.publish import __main__ as program
from scripts.publish.multipart import MAX_PARTS, MIB, PART, part_size
from scripts.publish.plan import Address, Upload, address, planned

TARGET = address("s3://models/mnist/second.pt")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "weights").mkdir()
    return tmp_path / "weights"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("s3://models/mnist/second.pt", Address("models", "mnist/second.pt")),
        ("s3://models/smollm/", Address("models", "smollm", is_folder=True)),
    ],
)
def test_an_address_is_a_bucket_and_a_key(text: str, found: Address) -> None:
    assert address(text) == found


@pytest.mark.parametrize(
    "text",
    [
        *("models/mnist", "s3://models", "s3://models/", "s3:///mnist", "gs://models/mnist", "hf://acme/iris", ""),
        *("s3://models/a//b", "s3://models/../b", "s3://models/a/./b", "s3://models//b", "s3://models/b//"),
        *("s3://models/a b", "s3://models/ä.pt", "s3://models/a+b", "s3://models/a?b", "s3://Models/a"),
    ],
)
def test_what_no_model_can_name_as_its_source_is_refused(text: str) -> None:
    with pytest.raises(DriverError) as error:
        address(text)
    assert str(error.value) == (
        f'TO={text}: no model can have "{text.removesuffix("/")}" as its source; '
        'write TO=s3://<bucket>/<key> of letters, digits, ".", "_" and "-", for example s3://models/iris/model.json'
    )
    with pytest.raises(ValidationError, match="is not the address of a model"):
        TypeAdapter(Source).validate_python(text if text != "hf://acme/iris" else "hf://acme")


def test_a_file_gets_the_key_itself_or_one_below_it(folder: Path) -> None:
    file = folder / "model.pt"
    file.write_bytes(b"weights")
    assert planned(file, TARGET).uploads == [Upload(file, "mnist/second.pt", 7)]
    assert planned(file, address("s3://models/mnist/")).uploads == [Upload(file, "mnist/model.pt", 7)]
    assert planned(file, TARGET).prefix is None
    spaced = file.rename(folder / "model 2.pt")
    assert planned(spaced, TARGET).uploads == [Upload(spaced, "mnist/second.pt", 7)]
    assert [upload.key for upload in planned(folder, TARGET).uploads] == ["mnist/second.pt/model 2.pt"], "the source names the folder"


def test_files_of_a_folder_get_keys_by_their_paths_and_linked_files_are_files(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "blob").write_bytes(b"weights")
    (folder / "snapshot").mkdir()
    (folder / "snapshot" / "model.pt").symlink_to(tmp_path / "blob")
    (folder / ".config").write_bytes(b"{}")
    plan = planned(folder, TARGET)
    assert [(upload.key, upload.size) for upload in plan.uploads] == [
        ("mnist/second.pt/.config", 2),
        ("mnist/second.pt/snapshot/model.pt", 7),
    ]
    assert plan.prefix == "mnist/second.pt"


def test_files_come_in_the_order_of_their_names(folder: Path) -> None:
    names = [f"{first}/{second}" for first in "caebdf" for second in "zxy"]
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"weights")
    assert [upload.key for upload in planned(folder, TARGET).uploads] == [f"mnist/second.pt/{name}" for name in sorted(names)]


def nothing(folder: Path) -> Path:
    return folder / "nothing"


def empty_file(folder: Path) -> Path:
    (folder / "empty").touch()
    return folder / "empty"


def empty_files(folder: Path) -> Path:
    empty_file(folder)
    return folder


def linked_folder(folder: Path) -> Path:
    (folder / "link").symlink_to(folder)
    return folder


def dangling_link(folder: Path) -> Path:
    (folder / "link").symlink_to(folder / "nothing")
    return folder


def pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe")
    return folder / "pipe"


def spaced_name(folder: Path) -> Path:
    (folder / "a b.pt").write_bytes(b"weights")
    return folder / "a b.pt"


def latin_name(folder: Path) -> Path:
    """A name in Latin-1, which is no UTF-8."""
    file = Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.pt"))
    file.write_bytes(b"weights")
    return file


def long_name(folder: Path) -> Path:
    (folder / ("ü" * 120)).mkdir()
    (folder / ("ü" * 120) / ("ü" * 120)).write_bytes(b"weights")
    return folder


@pytest.mark.parametrize(
    ("made", "target", "reason"),
    [
        (nothing, TARGET, r"FILE=\S+/nothing: no such file or folder"),
        (lambda folder: folder, TARGET, r"FILE=\S+/weights: the folder holds no file"),
        (empty_file, TARGET, r"FILE=\S+/empty is empty"),
        (empty_files, TARGET, r"FILE=\S+/weights is empty"),
        (linked_folder, TARGET, r"\S+/link is a link to a folder: replace it by the folder, or publish that one by itself"),
        (dangling_link, TARGET, r"\S+/link is a link that leads nowhere"),
        (pipe, TARGET, r"\S+/pipe is neither a file nor a folder"),
        (
            spaced_name,
            address("s3://models/mnist/"),
            r'FILE=\S+/a b\.pt: no model can have "s3://models/mnist/a b\.pt" as its source; write .+',
        ),
        (latin_name, TARGET, r"\S+/caf\\xe9\.pt: its name is not UTF-8; rename it"),
        (lambda folder: latin_name(folder).parent, TARGET, r"\S+/caf\\xe9\.pt: its name is not UTF-8; rename it"),
        (long_name, address(f"s3://models/{'a' * 600}"), r"\S+: its key has 1082 bytes, and S3 takes 1024"),
    ],
)
def test_what_cannot_be_published_is_named(folder: Path, made: object, target: Address, reason: str) -> None:
    assert callable(made)
    with pytest.raises(DriverError, match=f"^{reason}$"):
        planned(made(folder), target)


@pytest.mark.parametrize(
    ("stack", "to", "reason"),
    [
        ("nowhere", "s3://models/a", "there is no Pulumi.nowhere.yaml; stacks: dev, local, prod"),
        ("dev", "s3://other/a/b", "TO=s3://other/a/b: bucket other is not the model store of stack dev; write s3://models/a/b"),
        ("dev", "s3://models/a", "FILE=/nothing/here: no such file or folder"),
    ],
)
def test_bad_words_are_one_line_and_exit_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], stack: str, to: str, reason: str
) -> None:
    monkeypatch.setattr("sys.argv", ["publish", "--stack", stack, "--file", "/nothing/here", "--to", to])
    assert program.main() == 2
    assert capsys.readouterr() == ("", f"error: {reason}\n")


@pytest.mark.parametrize(
    ("store", "reason"),
    [
        ("{enabled: false}", "stack bare has no model store: modelStore.enabled is false"),
        ("{mode: alone}", "Pulumi.bare.yaml: inference-platform:modelStore.mode: "),
    ],
)
def test_a_stack_without_a_usable_store_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, store: str, reason: str
) -> None:
    (tmp_path / "Pulumi.bare.yaml").write_text(f"config:\n  inference-platform:modelStore: {store}\n")
    monkeypatch.setattr("scripts.stack_file.ROOT", tmp_path)
    monkeypatch.setattr("sys.argv", ["publish", "--stack", "bare", "--file", str(tmp_path), "--to", "s3://models/a"])
    assert program.main() == 2
    error = capsys.readouterr().err
    assert error.startswith(f"error: {reason}")
    assert len(error.splitlines()) == 1


@pytest.mark.parametrize("size", [1, PART, PART * MAX_PARTS, PART * MAX_PARTS + 1, 5 * 2**40])
def test_no_file_has_more_parts_than_s3_takes(size: int) -> None:
    part = part_size(size)
    assert part % MIB == 0
    assert part >= PART
    assert -(-size // part) <= MAX_PARTS
    assert part < PART + MIB or (part - MIB) * MAX_PARTS < size, "no larger than it must be"
