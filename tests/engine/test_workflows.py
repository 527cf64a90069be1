"""The workflows as actionlint reads them: expressions, contexts, inputs of actions, events, cron lines.

The linter is built from its pinned module (bench/go/actionlint), once; no node and no Pulumi.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bench import build
from bench.tools import LINTERS, binary
from tests.structure.project import ROOT

pytestmark = pytest.mark.engine

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


@pytest.fixture(scope="module")
def actionlint() -> Path:
    build.ensure(LINTERS)
    return binary("actionlint")


def lint(actionlint: Path, *files: Path) -> subprocess.CompletedProcess[str]:
    # Without the linters of scripts that a machine may have: the same findings everywhere.
    command = [str(actionlint), "-no-color", "-shellcheck=", "-pyflakes=", *map(str, files)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_actionlint_finds_nothing(actionlint: Path) -> None:
    assert len(WORKFLOWS) >= 6
    found = lint(actionlint, *WORKFLOWS)
    assert found.returncode == 0, found.stdout + found.stderr


def test_actionlint_would_find_something(actionlint: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yml"
    broken.write_text((ROOT / ".github/workflows/preview.yml").read_text().replace("github.token", "github.tokn"))
    found = lint(actionlint, broken)
    assert found.returncode == 1
    assert 'property "tokn" is not defined' in found.stdout
