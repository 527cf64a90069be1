"""Files that are written as a whole or not at all."""

from __future__ import annotations

import resource
import stat
from pathlib import Path

import pytest

from scripts import whole_file


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_file_is_readable_as_the_umask_says_and_an_old_one_as_before(tmp_path: Path) -> None:
    file, plain = tmp_path / "stack.yaml", tmp_path / "plain"
    plain.touch()
    whole_file.write(file, "é")
    assert (file.read_text(encoding="utf-8"), mode(file)) == ("é", mode(plain))
    file.chmod(0o640)
    whole_file.write(file, "two")
    assert (file.read_text(), mode(file)) == ("two", 0o640)


def test_a_secret_is_its_owners_alone_from_the_first_byte_on_even_where_others_could_read_it_before(tmp_path: Path) -> None:
    file, left = tmp_path / "passphrase", tmp_path / "passphrase.partial"
    for open_to_all in (file, left):
        open_to_all.touch(0o666)
    whole_file.write(file, "secret", whole_file.OWNER)
    assert (file.read_text(), mode(file)) == ("secret", 0o600)


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    file, link = tmp_path / "file", tmp_path / "link"
    file.write_text("one")
    link.symlink_to(file)
    whole_file.write(link, "two")
    assert link.is_symlink()
    assert file.read_text() == "two"


def test_what_cannot_be_written_whole_leaves_the_old_file(tmp_path: Path) -> None:
    """A limit for the size of files stands for a full disk: both end the write in the middle."""
    file = tmp_path / "stack.yaml"
    file.write_text("old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            whole_file.write(file, "new")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert file.read_text() == "old"
    whole_file.write(file, "new")
    assert file.read_text() == "new"
