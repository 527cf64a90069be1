"""Which images are built, in what order, and when they are not built again. Nothing here runs buildah."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest

from bench import build, buildah, early_images, image_table, images, registry, tools
from bench.errors import BenchError
from bench.image_table import CONTAINERFILES, IMAGES, Binary, Image

BASE, CHILD, LONER = "bench.local/base:1", "bench.local/child:1", "bench.local/loner:1"


@dataclass
class Part:
    """A part whose content a test can change."""

    content: str = "one"

    def key(self) -> str:
        return self.content

    def write(self, target: Path) -> None:
        target.write_text(self.content)


@dataclass
class Builder:
    """Stands in for buildah: remembers what was asked for, and writes what a push leaves in the store."""

    store: Path
    built: list[str] = field(default_factory=list)
    arguments: list[Mapping[str, str] | None] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    fail_at: str | None = None

    def build(
        self,
        _context: Path,
        reference: str,
        *,
        target: str | None = None,
        build_args: Mapping[str, str] | None = None,
        network: bool = True,
    ) -> None:
        if reference == self.fail_at:
            raise KeyboardInterrupt
        assert target is None or network
        self.built.append(reference)
        self.arguments.append(build_args)

    def push(self, local: str, reference: str, _address: str) -> str:
        assert local
        name, _, tag = reference.rpartition(":")
        link = self.store / "docker/registry/v2/repositories" / name / "_manifests/tags" / tag / "current/link"
        link.parent.mkdir(parents=True, exist_ok=True)
        link.write_text(f"sha256:{len(self.built)}")
        return link.read_text()


@pytest.fixture
def part() -> Part:
    return Part()


@pytest.fixture
def builder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, part: Part) -> Builder:
    """Three small images instead of the real ones, a store of their own and no buildah."""
    fake = Builder(tmp_path / "store")
    table = {
        BASE: Image(BASE, "base", parts={"file": part}),
        CHILD: Image(CHILD, "child", bases=(BASE,)),
        LONER: Image(LONER, "loner"),
    }
    for image in table.values():
        (tmp_path / "containerfiles" / image.folder).mkdir(parents=True)
        (tmp_path / "containerfiles" / image.folder / "Containerfile").write_text("FROM scratch\n")

    @contextmanager
    def serving() -> Iterator[str]:
        yield "127.0.0.1:1"

    monkeypatch.setattr(image_table, "CONTAINERFILES", tmp_path / "containerfiles")
    for name, value in {"IMAGES": table, "PYTORCH": CHILD}.items():
        monkeypatch.setattr(images, name, value)
    for name in ("MARKERS", "CONTEXTS", "LOCK"):
        monkeypatch.setattr(images, name, tmp_path / name.lower())
    monkeypatch.setattr(registry, "STORE", fake.store)
    monkeypatch.setattr(registry, "serving", serving)
    monkeypatch.setattr(buildah, "build", fake.build)
    monkeypatch.setattr(buildah, "push", fake.push)
    monkeypatch.setattr(buildah, "ensure_local", lambda _reference, _address: None)
    monkeypatch.setattr(buildah, "remove", fake.removed.append)
    for name in ("prune", "clear_leftovers"):
        monkeypatch.setattr(buildah, name, lambda: None)
    return fake


@pytest.fixture
def context(tmp_path: Path) -> Path:
    folder = tmp_path / "context"
    folder.mkdir()
    (folder / "Dockerfile").write_text("ARG BASE\nFROM ${BASE}\n")
    return folder


def test_a_second_run_builds_nothing(builder: Builder) -> None:
    images.ensure([BASE, CHILD, LONER])
    images.ensure([BASE, CHILD, LONER])
    assert builder.built == [BASE, CHILD, LONER]


def test_an_image_brings_its_bases_along_and_nothing_more(builder: Builder) -> None:
    images.ensure([CHILD])
    assert builder.built == [BASE, CHILD]


def test_only_images_that_builds_start_from_stay_unpacked(builder: Builder) -> None:
    images.ensure([BASE, CHILD, LONER])
    assert builder.removed == [LONER]


def test_a_changed_part_rebuilds_its_image_and_what_stands_on_it(builder: Builder, part: Part) -> None:
    images.ensure([BASE, CHILD, LONER])
    part.content = "two"
    images.ensure([BASE, CHILD, LONER])
    assert builder.built[3:] == [BASE, CHILD]


def test_a_stopped_build_continues_where_it_was(builder: Builder) -> None:
    builder.fail_at = CHILD
    with pytest.raises(KeyboardInterrupt):
        images.ensure([BASE, CHILD, LONER])
    builder.fail_at = None
    images.ensure([BASE, CHILD, LONER])
    assert builder.built == [BASE, CHILD, LONER]


def test_an_image_that_left_the_store_is_built_again(builder: Builder) -> None:
    images.ensure([LONER])
    next(builder.store.rglob("link")).unlink()
    images.ensure([LONER])
    assert builder.built == [LONER, LONER]


def test_an_unchanged_context_keeps_its_reference_and_is_not_built(builder: Builder, context: Path) -> None:
    first = images.build_context(context, "mine")
    built = len(builder.built)
    assert images.build_context(context, "mine") == first
    assert len(builder.built) == built
    assert re.fullmatch(r"bench\.local/mine:[0-9a-f]{12}", first)
    assert builder.arguments[-1] == {"BASE": CHILD}


def test_files_target_arguments_and_the_base_each_change_the_reference(builder: Builder, context: Path, part: Part) -> None:
    references = [images.build_context(context, "mine"), images.build_context(context, "mine", target="serving")]
    references.append(images.build_context(context, "mine", build_args={"SPEED": "2"}))
    (context / "file").write_text("x")
    references.append(images.build_context(context, "mine"))
    part.content = "two"
    references.append(images.build_context(context, "mine"))
    assert len(set(references)) == len(references)
    assert builder.built.count(BASE) == 2


def test_a_base_of_the_users_own_leaves_the_benchs_bases_unbuilt(builder: Builder, context: Path) -> None:
    images.build_context(context, "mine", build_args={"BASE": "docker.io/library/python:3.11"})
    assert builder.built == ["bench.local/mine:latest"]


@pytest.mark.usefixtures("builder")
def test_the_benchs_own_names_are_refused(context: Path) -> None:
    with pytest.raises(BenchError, match="choose another name"):
        images.build_context(context, "base")


def _statements(image: Image, keyword: str) -> list[list[str]]:
    text = image.containerfile.read_text().replace("\\\n", " ")
    lines = [line.split() for line in text.splitlines()]
    return [words[1:] for words in lines if words and words[0] == keyword]


@pytest.mark.parametrize("image", IMAGES.values(), ids=list(IMAGES))
def test_the_table_names_what_the_containerfile_uses(image: Image) -> None:
    copied = [words for keyword in ("COPY", "ADD") for words in _statements(image, keyword) if not words[0].startswith("--from")]
    assert {source for words in copied for source in words[:-1]} == set(image.parts)
    assert {words[0] for words in _statements(image, "FROM")} - {"scratch"} == set(image.bases)
    downloads = any(re.search(r"\b(pip install|apt-get)\b", " ".join(words)) for words in _statements(image, "RUN"))
    assert downloads == image.network


def test_bases_stand_before_what_uses_them_and_no_containerfile_is_left_over() -> None:
    order = list(IMAGES)
    assert all(order.index(base) < order.index(image.reference) for image in IMAGES.values() for base in image.bases)
    assert {image.folder for image in IMAGES.values()} == {path.parent.name for path in CONTAINERFILES.glob("*/Containerfile")}


def test_what_is_built_beside_the_compiler_needs_no_tool_in_its_bases_either() -> None:
    early = {reference for reference, image in IMAGES.items() if not image.tools}
    assert {image_table.PYTHON, image_table.PYTORCH, image_table.VLLM} < early
    assert image_table.MINIO not in early
    assert {base for reference in early for base in IMAGES[reference].bases} <= early


def test_the_image_of_a_tool_is_built_as_soon_as_that_tool_is_there(builder: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    there: set[str] = set()
    to_come = iter(["second", "first"])
    table = {name: Image(name, "loner", parts={"program": Binary(name)}) for name in ("first", "second")} | {LONER: Image(LONER, "loner")}
    for module in (images, early_images):
        monkeypatch.setattr(module, "IMAGES", table)
    monkeypatch.setattr(Binary, "key", lambda part: part.name)
    monkeypatch.setattr(Binary, "write", lambda _part, target: target.write_text(""))
    monkeypatch.setattr(tools, "maker", lambda name: SimpleNamespace(name=name))
    monkeypatch.setattr(build, "missing", lambda names: set(names) - there)
    monkeypatch.setattr(time, "sleep", lambda seconds: there.add(next(to_come)) if seconds else None)
    early_images.main(json.dumps({"references": list(table), "own": []}))
    assert builder.built == [LONER, "second", "first"]
