"""The stack files of the repository, `Pulumi.<stack>.yaml`."""

from __future__ import annotations

from pathlib import Path

from scripts.commands import ROOT
from scripts.errors import DriverError


def stack_file(stack: str) -> Path:
    """Raises DriverError with the stacks there are."""
    path = ROOT / f"Pulumi.{stack}.yaml"
    if not path.exists():
        known = sorted(file.suffixes[0][1:] for file in ROOT.glob("Pulumi.*.yaml"))
        raise DriverError(f"there is no {path.name}; stacks: {', '.join(known)}")
    return path
