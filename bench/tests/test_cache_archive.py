"""The cache as one file: what another machine takes of it, and what it does not."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bench import cache_archive
from bench.errors import BenchError


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache of another machine than the one that `made` filled."""
    return use(tmp_path / "other", monkeypatch)


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The archive of a cache with one of everything, a build that was killed, and sources that nobody needs."""
    folder = use(tmp_path / "first", monkeypatch)
    for name in (
        "bin/go-tool/abc/tool",
        "bin/go-tool/def.partial/tool",
        "images/one",
        "registry/a/blobs/sha256/data",
        "mirror/charts/c-1.tgz",
        "go/mod/x",
    ):
        put(folder / name, "first")
    (folder / "bin/go-tool/abc/tool").chmod(0o755)
    archive = tmp_path / "cache.tar.gz"
    cache_archive.push(archive)
    return archive


def use(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(cache_archive, "CACHE", folder)
    monkeypatch.setattr(cache_archive, "LOCKS", (folder / "one.lock",))
    folder.mkdir()
    return folder


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"}


def test_another_machine_gets_what_is_whole_and_no_sources(made: Path, cache: Path) -> None:
    cache_archive.pull(str(made))
    assert files(cache) == {"bin/go-tool/abc/tool", "images/one", "registry/a/blobs/sha256/data", "mirror/charts/c-1.tgz"}
    assert (cache / "bin/go-tool/abc/tool").stat().st_mode & 0o111


def test_a_url_with_its_digest_is_taken_and_what_is_there_stays(made: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(cache / "bin/go-tool/abc/tool", "own")
    put(cache / "mirror/charts/c-0.tgz", "own")
    monkeypatch.setattr(cache_archive, "CACHE", cache.parent / "first")
    digest = cache_archive.push(made)
    monkeypatch.setattr(cache_archive, "CACHE", cache)
    cache_archive.pull(f"{made.as_uri()}#sha256={digest}")
    assert (cache / "bin/go-tool/abc/tool").read_text() == "own"
    assert files(cache / "mirror") == {"charts/c-1.tgz"}, "its files and keys belong together"


@pytest.mark.parametrize("change", ["another", "cut off", "no archive", "absent"])
def test_nothing_is_taken_of_a_wrong_file(made: Path, cache: Path, change: str) -> None:
    source, reason = str(made), "damaged"
    match change:
        case "another":
            source, reason = f"{made}#sha256={'0' * 64}", "not 0000"
        case "cut off":
            made.write_bytes(made.read_bytes()[:-20])
        case "no archive":
            made.write_text("<html>")
        case "absent":
            source, reason = str(made.with_name("absent")), "No such file"
    with pytest.raises(BenchError, match=reason):
        cache_archive.pull(source)
    assert files(cache) == set()


def test_a_tool_that_is_touched_meanwhile_is_no_failure() -> None:
    cache_archive._tar(["sh", "-c", "exit 1"])
    with pytest.raises(BenchError, match="tar failed: full"):
        cache_archive._tar(["sh", "-c", "echo full >&2; exit 2"])


def test_an_empty_cache_makes_no_file(cache: Path, tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="is empty; run: python -m bench build"):
        cache_archive.push(tmp_path / "none.tar.gz")
    assert not (tmp_path / "none.tar.gz").exists()
    assert cache.is_dir()


def test_an_archive_of_something_else_is_refused(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "f").write_text("other")
    other = tmp_path / "other.tar.gz"
    subprocess.run(["tar", "--create", "--gzip", f"--file={other}", f"--directory={tmp_path}", "f"], check=True)
    with pytest.raises(BenchError, match="is no archive of a cache: it has none of registry, images, bin, mirror, aws-models"):
        cache_archive.pull(str(other))
    assert files(cache) == set()


def test_a_digest_that_is_none_is_refused_before_anything_is_read(cache: Path) -> None:
    with pytest.raises(BenchError, match="#sha256=zz is no SHA-256"):
        cache_archive.pull("/nope/cache.tar.gz#sha256=zz")
    assert files(cache) == set()


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize(("place", "words"), [("", "is a folder; write a file in it"), ("nope/x.tar.gz", "its folder does not exist")])
def test_a_place_that_takes_no_file_is_refused_at_once(tmp_path: Path, place: str, words: str) -> None:
    with pytest.raises(BenchError, match=words):
        cache_archive.push(tmp_path / place)
