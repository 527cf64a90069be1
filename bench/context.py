"""What a folder with a Containerfile holds, as one hash: the same content gives the same image tag."""

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
    """Hash over names, kinds, execute bits and contents of the files that a build of `folder` could see."""
    if not any((folder / name).is_file() for name in CONTAINERFILES):
        raise BenchError(f"{folder} has no {' or '.join(CONTAINERFILES)}; name the folder that holds one")
    content = hashlib.sha256()
    for path in files(folder):
        executable = os.access(path, os.X_OK)
        data = str(path.readlink()).encode() if path.is_symlink() else path.read_bytes()
        content.update(repr((path.relative_to(folder).as_posix(), path.is_symlink(), executable)).encode())
        content.update(hashlib.sha256(data).digest())
    return content.hexdigest()


def files(folder: Path) -> Iterator[Path]:
    """The files of `folder` in a fixed order, without those that its `.dockerignore` leaves out."""
    rules = _rules(folder)
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if (path.is_symlink() or path.is_file()) and (name in CONTAINERFILES or not _ignored(name, rules)):
            yield path


def _ignored(name: str, rules: Sequence[tuple[re.Pattern[str], bool]]) -> bool:
    """The last rule that matches the file, or a folder above it, decides."""
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
    """A rule of a `.dockerignore`: anchored at the folder, `**` for any depth, and what lies below a match matches too."""
    translated = ""
    for part in re.split(r"(\*\*/?|\*|\?|\[[^]]*\])", rule.strip().strip("/").removeprefix("./")):
        translated += _WILDCARDS.get(part) or (part if part.startswith("[") else re.escape(part))
    return re.compile(f"{translated}(/|$)")


_WILDCARDS = {"**/": "(.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
