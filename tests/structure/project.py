"""The project's own source files, parsed for the structure tests."""

from __future__ import annotations

import ast
import functools
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ("components", "stacks")
WRITTEN = (*PRODUCT, "bench", "models", "policies", "scripts", "tests")

MODEL_PACKAGES = {path.name for path in (ROOT / "models").glob("*/*") if path.is_dir()}
"""Packages that only one model has."""


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py") if "bench/go/" not in str(path))


@functools.cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


@functools.cache
def imported(path: Path) -> frozenset[str]:
    """Every module that a file imports, by its full name."""
    names: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(names)


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))
