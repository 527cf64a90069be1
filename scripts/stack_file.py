"""The stack files of the repository, `Pulumi.<stack>.yaml`."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from scripts.commands import ROOT
from scripts.errors import DriverError

PROJECT = "inference-platform"
"""Pulumi's name of the program and namespace of its configuration; importing it from `stacks.config` would take half a second."""
LIKENESS = 0.8
"""Least similarity of a mistyped namespace to the right one; `inference` and `kubernetes` have less."""


class _Loader(yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader):  # type: ignore[misc]
    """Refuses a key that stands twice in one mapping, of which PyYAML takes the last. A merge key may bring it in once more."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.compared: set[yaml.MappingNode] = set()

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """PyYAML calls it for every mapping, and again for one that others merge, which has all merged keys then."""
        if node not in self.compared:
            self.compared.add(node)
            lines: dict[tuple[str, str], int] = {}
            for key, _ in node.value:
                if isinstance(key, yaml.ScalarNode):
                    line, first = key.start_mark.line + 1, lines.get((key.tag, key.value))
                    if first:
                        raise yaml.YAMLError(f"line {line} has the key {key.value}, which line {first} has already")
                    lines[key.tag, key.value] = line
        super().flatten_mapping(node)


def stack_file(stack: str) -> Path:
    """The path of a stack file. Raises DriverError with the existing stacks."""
    path = ROOT / f"Pulumi.{stack}.yaml"
    if not path.exists():
        known = sorted(file.suffixes[0][1:] for file in ROOT.glob("Pulumi.*.yaml"))
        raise DriverError(f"there is no Pulumi.{stack}.yaml; stacks: {', '.join(known)}")
    return path


def parsed(text: str, name: str) -> dict[str, Any]:
    """Everything in a stack file with this text. Raises DriverError, which begins with `name`.

    It uses libyaml if PyYAML has it: a rollout reads its stack file often, and the Python parser takes ten times as long.
    """
    try:
        content = yaml.load(text, Loader=_Loader)  # noqa: S506 - one of the safe ones
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date that no calendar has
        raise DriverError(f"{name}: it is not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict) or not isinstance(content.get("config"), dict):
        raise DriverError(f"{name}: it has no keys below config:")
    for key in map(str, content["config"]):
        namespace = key.partition(":")[0]
        if namespace != PROJECT and difflib.get_close_matches(namespace, [PROJECT], cutoff=LIKENESS):
            raise DriverError(f"{name}: config has the key {key}: did you mean the namespace {PROJECT}?")
    return content


def text(path: Path) -> str:
    """Raises DriverError, which begins with the file's name."""
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise DriverError(f"{path.name}: it cannot be read: {error}") from None


def content(path: Path) -> dict[str, Any]:
    """Everything in a stack file, or in a part of one. Raises DriverError, which begins with the file's name."""
    return parsed(text(path), path.name)


def sections(content: Mapping[str, Any]) -> dict[str, Any]:
    """The program's sections in the content of a stack file, by their names below the namespace."""
    prefix = f"{PROJECT}:"
    return {key.removeprefix(prefix): value for key, value in content["config"].items() if isinstance(key, str) and key.startswith(prefix)}


def read(path: Path) -> dict[str, Any]:
    """The program's sections of a stack file, or of a part of one. Raises DriverError, which begins with the file's name."""
    return sections(content(path))


def with_keys(section: Any, keys: Mapping[str, Any]) -> Any:  # noqa: ANN401 - whatever stands in the file
    """The section with these keys over its own. Anything else than a section stays as it is: the program refuses it by its name."""
    return {**(section or {}), **keys} if section is None or isinstance(section, dict) else section
