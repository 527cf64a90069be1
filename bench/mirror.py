"""What a platform installs beside images, made from the Go modules of the projects themselves: charts and release manifests.

Everything has the name and the version that it is published under: `<folder>/<name>-<version>.<ending>`.
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
    """One file of the mirror, and how it is made."""

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
        """Changes whenever the file could."""

    @abstractmethod
    def make(self, path: Path) -> None:
        """Write the file to `path`. It counts once this has returned; BenchError says what is wrong with it."""


def ensure(artifacts: Sequence[Artifact]) -> None:
    """Make those that are not in the mirror yet. BenchError names the one that can't be made."""
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
    """Part of a key: how the bench makes it."""
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
