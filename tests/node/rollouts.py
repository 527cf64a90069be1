"""`make rollout` from a checkout of its own, which it edits, while users ask once in a while."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.mlops.load.measurement import Measurement
from scripts.mlops.load.probe import start_probe
from scripts.mlops.load.running import Running
from scripts.mlops.reach import Endpoint
from tests import nodes
from tests.node import platform

BASE = "BASE=bench.local/python:3.11-bookworm"
USERS_PER_SECOND = 20.0
PROMOTED, ROLLED_BACK = 0, 1
NOT_COPIED = shutil.ignore_patterns(".git", ".venv", "build", "__pycache__", ".*_cache", ".hypothesis")


@dataclass(frozen=True)
class Checkout:
    folder: Path

    @classmethod
    def made(cls, below: Path) -> Checkout:
        folder = below / "checkout"
        shutil.copytree(nodes.ROOT, folder, ignore=NOT_COPIED, symlinks=True)
        (folder / ".venv").symlink_to(nodes.ROOT / ".venv")
        return cls(folder)

    @property
    def stack_file(self) -> str:
        return (self.folder / "Pulumi.local.yaml").read_text()


@dataclass(frozen=True)
class Rolled:
    """How a rollout ended, its report, and the answers that users got meanwhile."""

    status: int
    report: dict[str, Any]
    users: Measurement

    @property
    def failures(self) -> Mapping[str, int]:
        """The users' failed requests by reason."""
        return self.users.failures


@contextmanager
def users(to: Endpoint, question: bytes, check: Callable[[bytes], object]) -> Iterator[Running]:
    load = start_probe(to.url, to.host, question, check, USERS_PER_SECOND, 3600)
    try:
        yield load
    finally:
        load.stop()
        load.wait()


def rolled(checkout: Checkout, to: Endpoint, question: bytes, *words: str, check: Callable[[bytes], object] = json.loads) -> Rolled:
    """Run the rollout driver to its end beside users. `check` raises for a wrong answer to their question."""
    report = checkout.folder / "report.json"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "scripts.mlops.rollout", "--stack", "local", "--json", str(report), *words]
    with users(to, question, check) as load:
        done = subprocess.run(command, cwd=checkout.folder, env=nodes.environment(platform.INSTANCE), timeout=1500, check=False)
    found = Rolled(done.returncode, json.loads(report.read_text()), load.result())
    shares = {version: len(part.samples) for version, part in found.users.by_version().items()}
    print(f"{' '.join(words)}: status {found.status}, users {shares}, failed {found.failures}")
    print({key: value for key, value in found.report.items() if key.endswith("_seconds") or key == "going_back"})
    return found


def built(folder: Path, name: str, stage: str) -> str:
    """Build a stage of the Dockerfile in the folder, on plain Python; return the image's reference."""
    words = ["image", str(folder.relative_to(nodes.ROOT)), f"{name}-{stage}", "--target", stage, "--build-arg", BASE]
    command = [sys.executable, "-m", "bench", *words]
    return subprocess.run(command, cwd=nodes.ROOT, text=True, stdout=subprocess.PIPE, check=True).stdout.strip()
