"""Hash of a folder with a Containerfile: the same content gives the same image tag."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.errors import BenchError

CONTAINERFILES = ("Containerfile", "Dockerfile")
IGNORE_FILES = (".containerignore", ".dockerignore")


def digest(folder: Path) -> str:
    """Hash over the names, kinds, execute bits and contents of the files that a build of `folder` can see."""
    if not any((folder / name).is_file() for name in CONTAINERFILES):
        raise BenchError(f"{folder} has no {' or '.join(CONTAINERFILES)}; give the folder that holds one")
    content = hashlib.sha256()
    for path in files(folder):
        executable = os.access(path, os.X_OK)
        data = str(path.readlink()).encode() if path.is_symlink() else path.read_bytes()
        content.update(repr((path.relative_to(folder).as_posix(), path.is_symlink(), executable)).encode())
        content.update(hashlib.sha256(data).digest())
    return content.hexdigest()


def files(folder: Path) -> Iterator[Path]:
    """Files of `folder` in a fixed order, without the files that its `.dockerignore` excludes."""
    rules = _rules(folder)
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if (path.is_symlink() or path.is_file()) and (name in CONTAINERFILES or not _ignored(name, rules)):
            yield path


def _ignored(name: str, rules: Sequence[tuple[re.Pattern[str], bool]]) -> bool:
    """True if `.dockerignore` excludes the file: the last rule that matches the file or a folder above it decides."""
    ignored = False
    for pattern, excludes in rules:
        if pattern.match(name):
            ignored = excludes
    return ignored


def _rules(folder: Path) -> list[tuple[re.Pattern[str], bool]]:
    text = next(((folder / name).read_text() for name in IGNORE_FILES if (folder / name).is_file()), "")
    lines = [line.strip() for line in text.splitlines()]
    return [(_pattern(line.lstrip("!")), not line.startswith("!")) for line in lines if line and not line.startswith("#")]


def _pattern(rule: str) -> re.Pattern[str]:
    """Pattern of one `.dockerignore` rule: anchored at the folder; `**` matches any depth; a match includes everything below it."""
    translated = ""
    for part in re.split(r"(\*\*/?|\*|\?|\[[^]]*\])", rule.strip().strip("/").removeprefix("./")):
        translated += _WILDCARDS.get(part) or (part if part.startswith("[") else re.escape(part))
    return re.compile(f"{translated}(/|$)")


_WILDCARDS = {"**/": "(.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
