"""Release manifests of the mirror: put together from the files of modules as upstream's releases are."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import manifests
from bench.errors import BenchError
from bench.manifests import Files, Manifest
from bench.tools import SOURCES

GO_MOD = (SOURCES.folder / "go.mod").read_text()


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    folder = tmp_path / "module"
    (folder / "config" / "deep").mkdir(parents=True)
    (folder / "config" / "b.yaml").write_text("version: devel")
    (folder / "config" / "deep" / "a.yaml").write_text("image: ko://example.org/cmd/a\n")
    (folder / "config" / "doc.go").write_text("package config\n")
    monkeypatch.setattr(manifests, "module_folder", lambda _tool, _module: folder)
    return folder


def made(folder: Path, *edits: tuple[str, str], glob: str = "config/**/*.yaml") -> str:
    path = folder / "made.yaml"
    Manifest("example", "1.2.3", [Files("example.org/module", glob)], edits).make(path)
    return path.read_text()


def test_each_file_is_a_document_of_its_own(module: Path) -> None:
    assert made(module) == "version: devel\n---\nimage: ko://example.org/cmd/a\n"


def test_the_version_is_written_where_upstream_s_release_writes_it(module: Path) -> None:
    text = made(module, ("version: devel", 'version: "VERSION"'), (r"ko://(\S+)", r"registry.example/\1:vVERSION"))
    assert text == 'version: "1.2.3"\n---\nimage: registry.example/example.org/cmd/a:v1.2.3\n'


def test_an_edit_that_matches_nothing_is_an_error(module: Path) -> None:
    with pytest.raises(BenchError, match=r"example 1\.2\.3: no text matches 'version: dev1'"):
        made(module, ("version: dev1", "version: VERSION"))


def test_files_that_are_gone_are_an_error(module: Path) -> None:
    with pytest.raises(BenchError, match=r"example 1\.2\.3: example\.org/module has no crds/\*\.yaml"):
        made(module, glob="crds/*.yaml")


def test_every_module_is_checked_against_go_sum() -> None:
    required = [line.split() for line in GO_MOD.splitlines() if line.startswith("\t") and "//" not in line]
    sums = (SOURCES.folder / "go.sum").read_text()
    assert {module for module, _ in required} >= {part.module for manifest in manifests.TABLE for part in manifest.parts}
    assert [module for module, version in required if f"{module} {version} h1:" not in sums] == []
