"""Changes some keys of the checkout's Pulumi.<stack>.yaml and keeps everything else, comments included."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError

from scripts import stack_file, whole_file
from scripts.errors import DriverError
from stacks.config import NAMESPACE

Key = tuple[str, ...]
"""The path of a value below `inference-platform:`, such as ("models", "iris", "source")."""
Edits = Mapping[Key, object]
"""New values by their keys; None removes the key."""


SHARED = "; write out what stands under a YAML anchor (&), an alias (*) or a merge key (<<)"


class StackFile:
    def __init__(self, path: Path) -> None:
        self.path = path

    def value(self, key: Key) -> Any:  # noqa: ANN401 - any value of the file
        """Return the value of the key, or None."""
        return _found(stack_file.sections(self.parsed(stack_file.text(self.path))), key)

    def parsed(self, text: str) -> dict[str, Any]:
        return stack_file.parsed(text, self.path.name)

    def has(self, edits: Edits) -> bool:
        return all(self.value(key) == value for key, value in edits.items())

    def write(self, edits: Edits) -> None:
        self.write_text(self.edited(edits))

    def write_text(self, text: str) -> None:
        whole_file.write(self.path, text)

    def edited(self, edits: Edits) -> str:
        """Return the file's text with these changes. Raises DriverError where the file cannot take them alone."""
        before = stack_file.text(self.path)
        wanted = _unshared(self.parsed(before))
        try:
            after = self._edited(before, edits)
        except (YAMLError, LookupError, ValueError) as error:
            raise self._refused(before, " ".join(str(error).split())) from None
        for key, value in edits.items():
            _put(wanted["config"], _names(key), value)
        if self.parsed(after) != wanted:
            raise self._refused(before, f"a change of {'.'.join(next(iter(edits)))} would change more than that")
        return after

    def _refused(self, before: str, reason: str) -> DriverError:
        has_anchors = any(getattr(event, "anchor", None) for event in yaml.parse(before, Loader=yaml.SafeLoader))
        return DriverError(f"{self.path.name}: {reason}{SHARED if has_anchors else ''}")

    def _edited(self, before: str, edits: Edits) -> str:
        content = _round_trip().load(before)
        spelled: dict[str, str] = {}
        for old, new in _exchanged(content["config"], edits):
            spelled |= _spellings(_rename(content["config"], _names(old), new[-1]))
        for key, value in edits.items():
            _put(content["config"], _names(key), _spelled(value, spelled))
        text = io.StringIO()
        _round_trip().dump(content, text)
        return _comments_moved_up(text.getvalue(), set(before.splitlines()))

    def sections(self, edits: Edits) -> dict[str, Any]:
        """Return this program's sections after these changes, without writing them."""
        return stack_file.sections(self.parsed(self.edited(edits)))


def _unshared(value: Any) -> Any:  # noqa: ANN401 - any value of the file
    """Return a copy in which what stood under one anchor is there once for each alias."""
    if isinstance(value, dict):
        return {key: _unshared(each) for key, each in value.items()}
    return [_unshared(each) for each in value] if isinstance(value, list) else value


def _round_trip() -> YAML:
    """Reads and writes the committed stack files without changing a byte."""
    style = YAML()
    style.preserve_quotes = True
    style.width = 4096
    style.indent(mapping=2, sequence=4, offset=2)
    return style


def _comments_moved_up(text: str, unchanged: set[str]) -> str:
    """ruamel keeps a comment's column: after a line that grew and shrank again the comment would stay far to the right."""
    lines = [line if line in unchanged else re.sub(r"(?<=\S) {2,}(#[^'\"]*)$", r" \1", line) for line in text.split("\n")]
    return "\n".join(lines)


def _names(key: Key) -> list[str]:
    return [f"{NAMESPACE}:{key[0]}", *key[1:]]


def _exchanged(config: Any, edits: Edits) -> list[tuple[Key, Key]]:  # noqa: ANN401 - any value of the file
    """Return the removed keys, each with the key that replaces it in the same section."""
    gone = [key for key, value in edits.items() if value is None and _found(config, _names(key)) is not None]
    come = [key for key, value in edits.items() if value is not None and _found(config, _names(key)) is None]
    return [(old, new) for old in gone for new in come if old[:-1] == new[:-1]]


def _found(found: Any, names: Sequence[str]) -> Any:  # noqa: ANN401
    for name in names:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _rename(found: Any, names: list[str], new: str) -> Any:  # noqa: ANN401
    """Give a key's line, with its comments, to the key that replaces it; return the old value. The caller sets the new value."""
    *sections, old = names
    for name in sections:
        found = found[name]
    place, comments, value = list(found).index(old), found.ca.items.pop(old, None), found.pop(old)
    found.insert(place, new, None)
    if comments:
        found.ca.items[new] = comments
    return value


def _spellings(value: object) -> dict[str, str]:
    """Return all texts below a value, with the quotes that they have there."""
    if isinstance(value, str):
        return {str(value): value}
    below = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return {text: spelled for each in below for text, spelled in _spellings(each).items()}


def _spelled(value: object, texts: Mapping[str, str]) -> object:
    if isinstance(value, Mapping):
        return {key: _spelled(each, texts) for key, each in value.items()}
    if isinstance(value, list):
        return [_spelled(each, texts) for each in value]
    return texts.get(value, value) if isinstance(value, str) else value


def _put(found: MutableMapping[str, Any], names: list[str], value: object) -> None:
    first, *rest = names
    if rest:
        if found.get(first) is None:
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
        found[first] = _list_on_one_line(value)
    else:
        found[first] = value


def _merge(found: list[Any], items: list[Mapping[str, object]]) -> None:
    """Change a list of named items. Items that do not change keep their spelling."""
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
    order = [item["name"] for item in items]
    if [entry["name"] for entry in found] != order:
        found[:] = sorted(found, key=lambda entry: order.index(entry["name"]))


def _list_on_one_line(items: list[Mapping[str, object]]) -> CommentedSeq:
    found = CommentedSeq(_on_one_line(item) for item in items)
    found.fa.set_flow_style()
    return found


def _on_one_line(value: Mapping[str, object]) -> CommentedMap:
    mapping = CommentedMap(value)
    mapping.fa.set_flow_style()
    return mapping
