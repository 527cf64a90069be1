"""The hash of a build context: what changes it, and what `.dockerignore` keeps out."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import context
from bench.errors import BenchError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "main.py").write_text("print()\n")
    return tmp_path


def test_the_same_files_elsewhere_have_the_same_digest(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "app").mkdir()
    (other / "app" / "main.py").write_text("print()\n")
    (other / "Dockerfile").write_text("FROM scratch\n")
    assert context.digest(other) == context.digest(folder)


def test_content_name_and_execute_bit_change_the_digest(folder: Path) -> None:
    main = folder / "app" / "main.py"
    seen = {context.digest(folder)}
    main.write_text("print(1)\n")
    seen.add(context.digest(folder))
    main.chmod(0o755)
    seen.add(context.digest(folder))
    main.rename(folder / "app" / "other.py")
    seen.add(context.digest(folder))
    assert len(seen) == 4


@pytest.mark.parametrize(
    ("rules", "name", "ignored"),
    [
        ("*.pyc", "a.pyc", True),
        ("*.pyc", "app/a.pyc", False),  # unlike .gitignore: a rule without a folder is about the top only
        ("**/*.pyc", "app/deep/a.pyc", True),
        ("**/*.pyc", "a.pyc", True),
        ("**/__pycache__", "app/__pycache__/a.bin", True),
        ("app", "app/other.txt", True),
        ("app/", "app/other.txt", True),
        ("app", "application.txt", False),
        ("*.md\n!README.md", "README.md", False),
        ("*.md\n!README.md", "NOTES.md", True),
        ("# app", "app/other.txt", False),
        ("a?.txt", "ab.txt", True),
        ("a?.txt", "a/.txt", False),
        ("[ab].txt", "b.txt", True),
    ],
)
def test_dockerignore_follows_docker(folder: Path, rules: str, name: str, ignored: bool) -> None:
    (folder / ".dockerignore").write_text(rules)
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    assert (path not in list(context.files(folder))) is ignored


def test_the_containerfile_counts_even_when_it_is_ignored(folder: Path) -> None:
    (folder / ".dockerignore").write_text("*\n")
    before = context.digest(folder)
    (folder / "Dockerfile").write_text("FROM other\n")
    assert context.digest(folder) != before


def test_a_folder_without_a_containerfile_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=f"{tmp_path} has no Containerfile or Dockerfile"):
        context.digest(tmp_path)
