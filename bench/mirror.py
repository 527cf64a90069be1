"""Charts and release manifests that a platform installs, made from the Go modules of the projects themselves.

Each file has its published name and version: `<folder>/<name>-<version>.<ending>`.
"""

from __future__ import annotations

import hashlib
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from bench import progress
from bench.lock import exclusive
from bench.paths import CACHE

MIRROR = CACHE / "mirror"
KEYS = MIRROR / "keys"
LOCK = CACHE / "mirror.lock"


@dataclass(frozen=True)
class Artifact(ABC):
    """One file of the mirror and the way to make it."""

    name: str
    version: str

    kind: ClassVar[str]
    folder_name: ClassVar[str]
    ending: ClassVar[str]

    @property
    def path(self) -> Path:
        return MIRROR / self.folder_name / f"{self.name}-{self.version}.{self.ending}"

    @abstractmethod
    def key(self) -> str:
        """A key that changes whenever the file can change."""

    @abstractmethod
    def make(self, path: Path) -> None:
        """Write the file to `path`. The file counts once this returns. Raises BenchError with what is wrong with it."""


def ensure(artifacts: Sequence[Artifact]) -> None:
    """Make the files that are not in the mirror yet. Raises BenchError with the file that cannot be made."""
    missing = [artifact for artifact in artifacts if not _present(artifact)]
    if len(missing) < len(artifacts):
        progress.line("cached     charts and manifests", f"{len(artifacts) - len(missing)} of {len(artifacts)}")
    if not missing:
        return
    with exclusive(LOCK, "the mirror"):
        for artifact in missing:
            with progress.step(f"making     {artifact.kind} {artifact.name}"):
                _make(artifact)


def _present(artifact: Artifact) -> bool:
    marker = _marker(artifact)
    return artifact.path.is_file() and marker.is_file() and marker.read_text() == artifact.key()


def _make(artifact: Artifact) -> None:
    for parent in (artifact.path.parent, KEYS):
        parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=MIRROR) as scratch:
        partial = Path(scratch) / artifact.path.name
        artifact.make(partial)
        partial.replace(artifact.path)
    _marker(artifact).write_text(artifact.key())


def _marker(artifact: Artifact) -> Path:
    return KEYS / artifact.path.name


def source_digest(*files: Path) -> str:
    """Hash of the bench's source files that make an artifact; a part of its key."""
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
