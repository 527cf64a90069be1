"""Sentences begin with a word that a reader understands: no bare "Of", "By" or "What"."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.structure.project import ROOT

NEVER = {"Of", "What", "Whatever", "Whether", "Who", "Whoever", "Whom", "Whose"}
"""No sentence begins with these, unless it is a question."""

NOT_FIRST = NEVER | {"Also", "As", "Beside", "By"}
"""No text begins with these; a later sentence may ("By default, ...")."""

FOLDERS = ("bench", "components", "models", "policies", "scripts", "stacks", "tests")
PAGES = [*sorted((ROOT / "docs/runbooks").glob("*.md")), ROOT / "docs/measurements.md"]
END_OF_SENTENCE = re.compile(r"(?<=[.?!])\s+|\n\s*\n")
CODE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
MARKER = re.compile(r"^\s*(?:\d+\. |- |> )?(?:\*\*[^*]*\*\*:? )?", re.MULTILINE)
"""Begins an item of a list, or a paragraph with its heading in bold."""


def texts(code: str) -> Iterator[tuple[int, str]]:
    """Line and text of each comment, and of each string that stands alone as a statement: docstrings of modules, functions, attributes."""
    for node in ast.walk(ast.parse(code)):
        match node:
            case ast.Expr(value=ast.Constant(value=str(words))):
                yield node.lineno, words
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string.lstrip("#")


def paragraphs(page: str) -> Iterator[tuple[int, str]]:
    """Line and text of each paragraph and item of a Markdown page, without tables and blocks of code."""
    page = CODE.sub(lambda block: "\n" * block[0].count("\n"), page)
    for number, line in enumerate(page.splitlines(), 1):
        if line.strip() and not line.lstrip(" 0123456789.").startswith(("|", "#", "!")):
            yield number, MARKER.sub("", line, count=1)


def is_bare(text: str) -> bool:
    sentences = END_OF_SENTENCE.split(text.strip())
    return begins_with(sentences[0], NOT_FIRST) or any(begins_with(one, NEVER) and not one.endswith("?") for one in sentences)


def begins_with(text: str, words: set[str]) -> bool:
    first, blank, _ = text.partition(" ")
    return bool(blank) and first in words


def offenders(path: Path) -> list[str]:
    found = texts(path.read_text()) if path.suffix == ".py" else paragraphs(path.read_text())
    return [f"{path.relative_to(ROOT)}:{line}: {text.strip()}" for line, text in found if is_bare(text)]


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_docstring_or_comment_has_a_bare_sentence(folder: str) -> None:
    found = [offender for path in sorted((ROOT / folder).rglob("*.py")) for offender in offenders(path)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_page_has_a_bare_sentence(page: Path) -> None:
    assert not offenders(page)


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ('"""Of a module."""', 1),
        ('class A:\n    """Whether it is."""\n    b = 1\n    """By name."""', 2),
        ('def f() -> None:\n    """What\n    it does."""', 0),
        ('"""Offers a thing, as asked."""\nx = "Of a value"', 0),
        ('"""A thing. What it does is known."""', 1),
        ('"""A thing.\n\nWho has it waits."""', 1),
        ('"""A thing. What does it do? By the standard, nothing."""', 0),
        ("x = 1  # As in the file.", 1),
        ("x = 1  # as in the file, of a value", 0),
    ],
)
def test_every_sentence_is_judged_by_its_first_word(code: str, found: int) -> None:
    assert sum(is_bare(text) for _, text in texts(code)) == found


def test_a_page_is_judged_without_tables_and_code() -> None:
    page = "# Of a page\n\n1. **Then**: By hand.\n2. Is it? What now?\n- Of a value.\n| Of a cell | 1 |\n```\nBy code\n```\nBy the end.\n"
    assert [line for line, text in paragraphs(page) if is_bare(text)] == [3, 5, 10]
