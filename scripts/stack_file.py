"""The stack files of the repository, `Pulumi.<stack>.yaml`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from scripts.commands import ROOT
from scripts.errors import DriverError

LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader

PROJECT = "inference-platform"
"""Pulumi's name of the program, below which its configuration lies; `stacks.config` knows it too, and takes half a second to load."""


def stack_file(stack: str) -> Path:
    """Raises DriverError with the stacks there are."""
    path = ROOT / f"Pulumi.{stack}.yaml"
    if not path.exists():
        known = sorted(file.suffixes[0][1:] for file in ROOT.glob("Pulumi.*.yaml"))
        raise DriverError(f"there is no {path.name}; stacks: {', '.join(known)}")
    return path


def parsed(text: str) -> Any:  # noqa: ANN401 - whatever stands in the file
    """By libyaml where PyYAML has it: a rollout reads its stack file around everything it does, and Python takes ten times as long."""
    return yaml.load(text, Loader=LOADER)  # noqa: S506 - one of the safe ones


def sections(text: str) -> dict[str, Any]:
    """Ours, by their names below the namespace, of a stack file's text."""
    prefix = f"{PROJECT}:"
    content = parsed(text)["config"]
    return {key.removeprefix(prefix): value for key, value in content.items() if key.startswith(prefix)}
