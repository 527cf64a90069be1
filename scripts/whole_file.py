"""Writes a file as a whole or not at all: a kill or a full disk leaves the old file, and a reader never sees half of one."""

from __future__ import annotations

import os
from pathlib import Path

EVERYBODY = 0o666
"""Without a file before it, the umask decides alone who may read it."""
OWNER = 0o600


def write(path: Path, text: str, mode: int | None = None) -> None:
    """Replace the file, or the one that a symbolic link names. Without `mode` it keeps the permissions that it has."""
    target = path.resolve()
    partial = target.with_name(f"{target.name}.partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, EVERYBODY if mode is None else mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    if mode is None and target.exists():
        partial.chmod(target.stat().st_mode)
    partial.replace(target)
