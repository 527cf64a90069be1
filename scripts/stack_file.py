"""The stack files of the repository, `Pulumi.<stack>.yaml`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from scripts.commands import ROOT
from scripts.errors import DriverError

LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader

PROJECT = "inference-platform"
"""Pulumi's name of the program and namespace of its configuration; importing it from `stacks.config` would take half a second."""


def stack_file(stack: str) -> Path:
    """The path of a stack file. Raises DriverError with the existing stacks."""
    path = ROOT / f"Pulumi.{stack}.yaml"
    if not path.exists():
        known = sorted(file.suffixes[0][1:] for file in ROOT.glob("Pulumi.*.yaml"))
        raise DriverError(f"there is no {path.name}; stacks: {', '.join(known)}")
    return path


def parsed(text: str) -> Any:  # noqa: ANN401 - whatever stands in the file
    """Parse with libyaml if PyYAML has it: a rollout reads its stack file often, and the Python parser takes ten times as long."""
    try:
        return yaml.load(text, Loader=LOADER)  # noqa: S506 - one of the safe ones
    except yaml.YAMLError as error:
        raise DriverError(f"it is not YAML: {' '.join(str(error).split())}") from None


def sections(text: str, name: str = "the stack file") -> dict[str, Any]:
    """The program's sections of a stack file's text, by their names below the namespace. Raises DriverError, which begins with `name`."""
    prefix = f"{PROJECT}:"
    try:
        content = parsed(text)
    except DriverError as error:
        raise DriverError(f"{name}: {error}") from None
    config = content.get("config") if isinstance(content, dict) else None
    if not isinstance(config, dict):
        raise DriverError(f"{name} has no keys below config:")
    return {key.removeprefix(prefix): value for key, value in config.items() if isinstance(key, str) and key.startswith(prefix)}


def read(path: Path) -> dict[str, Any]:
    """The program's sections of a stack file, or of a part of one. Raises DriverError, which names the file."""
    try:
        return sections(path.read_text(), path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise DriverError(f"{path}: {error}") from None
