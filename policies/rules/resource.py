"""Input of a rule: one registered resource, whose values may be unknown until `pulumi up`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

UNKNOWN = object()
"""Marks a property whose value is known only to `pulumi up`."""
PATH_PART = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


class Unknown(Exception):  # noqa: N818 - not an error: a preview can't know everything
    """A rule read a value that is unknown in the preview. `path`: path from the resource's properties."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path} is not known in a preview")
        self.path = path


class Object(Mapping[str, Any]):
    """A mapping of properties under their wire names (camelCase) that raises `Unknown` when an unknown value is read."""

    def __init__(self, values: Mapping[str, Any], path: str = "") -> None:
        self._values = values
        self._path = path

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401 - properties are whatever the provider's schema says
        return _known(self._values[key], f"{self._path}.{key}" if self._path else key)

    def __contains__(self, key: object) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


class Array(Sequence[Any]):
    """Like `Object`, for a list."""

    def __init__(self, values: Sequence[Any], path: str) -> None:
        self._values = values
        self._path = path

    @overload
    def __getitem__(self, index: int) -> Any: ...  # noqa: ANN401
    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return [self[position] for position in range(*index.indices(len(self)))]
        return _known(self._values[index], f"{self._path}[{index}]")

    def __len__(self) -> int:
        return len(self._values)


def _known(value: Any, path: str) -> Any:  # noqa: ANN401
    if value is UNKNOWN:
        raise Unknown(path)
    if isinstance(value, Mapping):
        return Object(value, path)
    if isinstance(value, list | tuple):
        return Array(value, path)
    return value


@dataclass(frozen=True)
class Resource:
    """`properties` are plain values, with `UNKNOWN` for values that a preview does not know; rules read them through `props`.

    A secret is there in the clear: a rule's message gives its path, never its value.
    """

    type: str
    name: str
    properties: Mapping[str, Any]
    protect: bool = False
    urn: str = ""
    props: Object = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "props", Object(self.properties))

    @property
    def kind(self) -> str:
        return self.type.rsplit(":", 1)[-1]

    def get(self, path: str, default: Any = None) -> Any:  # noqa: ANN401
        """The value at `a.b[0].c`; the default if a part of the path is absent or null. Raises `Unknown`."""
        return value_at(self.props, path, default)


def value_at(start: Any, path: str, default: Any = None) -> Any:  # noqa: ANN401
    """Like `Resource.get`, starting from an object within a resource."""
    value = start
    for key, index in PATH_PART.findall(path):
        if key and isinstance(value, Mapping) and key in value:
            value = value[key]
        elif index and isinstance(value, Sequence) and not isinstance(value, str) and int(index) < len(value):
            value = value[int(index)]
        else:
            return default
    return default if value is None else value
