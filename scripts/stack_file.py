"""The stack files of the repository, `Pulumi.<stack>.yaml`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from scripts.commands import ROOT
from scripts.errors import DriverError
from stacks.config import NAMESPACE, StackConfig, parse


def stack_file(stack: str) -> Path:
    """Raises DriverError with the stacks there are."""
    path = ROOT / f"Pulumi.{stack}.yaml"
    if not path.exists():
        known = sorted(file.suffixes[0][1:] for file in ROOT.glob("Pulumi.*.yaml"))
        raise DriverError(f"there is no {path.name}; stacks: {', '.join(known)}")
    return path


def sections(text: str) -> dict[str, Any]:
    """Ours, by their names below the namespace, of a stack file's text."""
    prefix = f"{NAMESPACE}:"
    content = yaml.safe_load(text)["config"]
    return {key.removeprefix(prefix): value for key, value in content.items() if key.startswith(prefix)}


def configuration(stack: str, given: Mapping[str, Any]) -> StackConfig:
    """The model of these sections, for what a stack says of itself. Encrypted values stay so. Raises ConfigError."""

    async def parsed() -> StackConfig:  # a secret becomes an Output, which wants a running loop
        return parse(_readable(dict(given)), stack)

    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(parsed())
    finally:
        loop.close()


def _readable(value: Any) -> Any:  # noqa: ANN401 - whatever stands in the file
    """With the ciphertext where Pulumi wrote `secure: <ciphertext>`: text, as what it hides."""
    if isinstance(value, dict):
        return value["secure"] if value.keys() == {"secure"} else {key: _readable(item) for key, item in value.items()}
    return [_readable(item) for item in value] if isinstance(value, list) else value
