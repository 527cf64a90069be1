"""Every file, make target and module that a page names exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.structure.project import ROOT, WRITTEN, relative

PAGES = sorted([*ROOT.glob("*.md"), *(path for folder in ("docs", *WRITTEN) for path in (ROOT / folder).rglob("*.md"))])
FOLDERS = "|".join((*WRITTEN, "docs"))
FILE = re.compile(rf"(?:{FOLDERS})/[\w/.-]*\w\.(?:py|md|json|ya?ml|sh|txt)\b")
LINK = re.compile(r"\]\((?!https://)([^)#]+)")
TARGET = re.compile(r"(?:^|`)make ([a-z][a-z-]*)", re.MULTILINE)
MODULE = re.compile(rf"python -m ((?:{FOLDERS})[\w.]*)")
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_what_a_page_names_is_there(page: Path) -> None:
    text = page.read_text()
    assert [name for name in FILE.findall(text) if not (ROOT / name).is_file()] == []
    assert [link for link in LINK.findall(text) if not (page.parent / link).is_file()] == []
    assert set(TARGET.findall(text)) <= TARGETS
    for module in MODULE.findall(text):
        path = ROOT.joinpath(*module.split("."))
        assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), module


def test_the_reader_of_pages_sees_what_they_name() -> None:
    readme = (ROOT / "README.md").read_text()
    assert {"components/versions.py", "bench/README.md", "docs/measurements.md"} <= set(FILE.findall(readme))
    assert {"up", "test", "preview"} <= set(TARGET.findall(readme))
    assert "scripts.local" in MODULE.findall(readme)


def test_each_record_of_a_decision_has_the_next_number() -> None:
    records = sorted((ROOT / "docs/adr").glob("*.md"))
    assert [int(record.name[:4]) for record in records] == list(range(1, len(records) + 1))
    for record in records:
        assert record.read_text().startswith(f"# {int(record.name[:4])}. "), relative(record)
