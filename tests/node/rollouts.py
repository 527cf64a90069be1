"""`make rollout` from a checkout of its own, which it edits, while users ask once in a while."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.mlops.load.probe import start_probe
from scripts.mlops.load.running import Running
from scripts.mlops.reach import Endpoint
from tests import nodes
from tests.node import platform

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
    """How a rollout ended, its report, and the users' failed requests by reason."""

    status: int
    report: dict[str, Any]
    failures: Mapping[str, int]


@contextmanager
def users(to: Endpoint, question: bytes) -> Iterator[Running]:
    load = start_probe(to.url, to.host, question, json.loads, USERS_PER_SECOND, 3600)
    try:
        yield load
    finally:
        load.stop()
        load.wait()


def rolled(checkout: Checkout, to: Endpoint, question: bytes, *words: str) -> Rolled:
    """Run the rollout driver to its end beside users."""
    report = checkout.folder / "report.json"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "scripts.mlops.rollout", "--stack", "local", "--json", str(report), *words]
    with users(to, question) as load:
        done = subprocess.run(command, cwd=checkout.folder, env=nodes.environment(platform.INSTANCE), timeout=900, check=False)
    found = load.result()
    print(f"{' '.join(words)}: status {done.returncode}, {len(found.samples)} requests of users, failed {found.failures}")
    return Rolled(done.returncode, json.loads(report.read_text()), found.failures)
