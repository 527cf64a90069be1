"""The checkout's Pulumi.<stack>.yaml: some keys changed, everything else as a person left it, comments included."""

from __future__ import annotations

import io
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from scripts import stack_file
from stacks.config import NAMESPACE

Key = tuple[str, ...]
"""Where a value stands below `inference-platform:`, as ("services", "mnist", "model")."""
Edits = Mapping[Key, object]
"""New values by their keys; None removes."""


class StackFile:
    def __init__(self, path: Path) -> None:
        self.path = path

    def value(self, key: Key) -> Any:  # noqa: ANN401 - whatever stands in the file
        """None where nothing stands."""
        found = self.parsed(self.path.read_text())["config"]
        for name in _names(key):
            found = found.get(name) if isinstance(found, Mapping) else None
        return found

    @staticmethod
    def parsed(text: str) -> Any:  # noqa: ANN401
        return stack_file.parsed(text)

    def has(self, edits: Edits) -> bool:
        return all(self.value(key) == value for key, value in edits.items())

    def write(self, edits: Edits) -> None:
        """All at once or not at all: a kill leaves the old file or the new one."""
        self.write_text(self.edited(edits))

    def write_text(self, text: str) -> None:
        # Of a symbolic link the file behind it: a rename over the link would leave that one as it was.
        target = self.path.resolve()
        partial = target.with_suffix(".partial")
        partial.write_text(text)
        partial.chmod(target.stat().st_mode)
        partial.replace(target)

    def edited(self, edits: Edits) -> str:
        """The file's text with these changes."""
        content = _round_trip().load(self.path.read_text())
        for key, value in edits.items():
            _put(content["config"], _names(key), value)
        text = io.StringIO()
        _round_trip().dump(content, text)
        return text.getvalue()

    def sections(self, edits: Edits) -> dict[str, Any]:
        """Ours as the file would have them after these changes."""
        return stack_file.sections(self.edited(edits))


def _round_trip() -> YAML:
    """Writes the committed stack files as they are, byte for byte."""
    style = YAML()
    style.preserve_quotes = True
    style.width = 4096
    style.indent(mapping=2, sequence=4, offset=2)
    return style


def _names(key: Key) -> list[str]:
    return [f"{NAMESPACE}:{key[0]}", *key[1:]]


def _put(found: MutableMapping[str, Any], names: list[str], value: object) -> None:
    first, *rest = names
    if rest:
        if first not in found:
            if value is None:
                return
            found[first] = CommentedMap()
        _put(found[first], rest, value)
        if not found[first]:
            del found[first]
    elif value is None:
        found.pop(first, None)
    elif isinstance(value, Mapping):
        found[first] = _on_one_line(value)
    elif isinstance(value, list) and isinstance(found.get(first), list):
        _merge(found[first], value)
    elif isinstance(value, list):
        found[first] = [_on_one_line(item) for item in value]
    else:
        found[first] = value


def _merge(found: list[Any], items: list[Mapping[str, object]]) -> None:
    """A list of things with names, in its own order; new ones at the end. What is the same stays as it is spelled."""
    wanted = {item["name"]: item for item in items}
    for index in reversed(range(len(found))):
        item = wanted.pop(found[index]["name"], None)
        if item is None:
            del found[index]
            continue
        for key in found[index].keys() - item.keys():
            del found[index][key]
        for key, value in item.items():
            if found[index].get(key) != value:
                found[index][key] = value
    found.extend(_on_one_line(item) for item in wanted.values())


def _on_one_line(value: Mapping[str, object]) -> CommentedMap:
    mapping = CommentedMap(value)
    mapping.fa.set_flow_style()
    return mapping
