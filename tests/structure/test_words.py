"""Docstrings begin with a word that a reader understands: no bare "Of", "By" or "What"."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.structure.project import ROOT

BARE = {"Also", "As", "Beside", "By", "Of", "What", "Whether", "Who", "Whom"}
FOLDERS = ("bench", "components", "models", "policies", "scripts", "stacks")


def docstrings(text: str) -> Iterator[tuple[int, str]]:
    """Line and text of every string that stands alone as a statement: of modules, classes, functions and attributes."""
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Expr(value=ast.Constant(value=str(words))):
                yield node.lineno, words


def offenders(path: Path) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{line}: {words.split(chr(10))[0]}" for line, words in docstrings(path.read_text()) if begins_bare(words)
    ]


def begins_bare(words: str) -> bool:
    first, blank, _ = words.lstrip().partition(" ")
    return bool(blank) and first in BARE


def files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_docstring_begins_with_a_bare_word(folder: str) -> None:
    found = [offender for path in files(folder) for offender in offenders(path)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('"""Of a module."""', 1),
        ('class A:\n    """Whether it is."""\n    b = 1\n    """By name."""', 2),
        ('def f() -> None:\n    """What\n    it does."""', 0),
        ('"""Offers a thing, as asked."""\nx = "Of a value"', 0),
    ],
)
def test_every_docstring_is_compared_by_its_first_word(text: str, found: int) -> None:
    assert sum(begins_bare(words) for _, words in docstrings(text)) == found
