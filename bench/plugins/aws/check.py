"""Checks a program's arguments against the SDK's types: missing, unknown, and of the wrong type.

A value that is unknown before the update satisfies every type.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pulumi
from pulumi.provider.experimental.property_value import Computed, PropertyValue, ResourceReference
from pulumi.runtime import rpc

from bench.plugins.aws.sdk_types import Anything, Choice, Field, ListOf, MapOf, Record, Scalar, Type, fields
from bench.plugins.errors import Properties

_SHOWN = 80
"""Characters of a value that a message quotes; a whole policy document would hide the mistake."""


@dataclass(frozen=True)
class Problem:
    """One mistake, with the argument's path as the program spells it."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


@dataclass(frozen=True)
class Leaf:
    """A known scalar of the right type. `wire` is the path that all items of a list share, such as `taints[].effect`."""

    path: str
    wire: str
    value: str | float | bool
    secret: bool

    @property
    def shown(self) -> str:
        text = json.dumps(self.value)
        return "the secret value" if self.secret else text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


@dataclass(frozen=True)
class Place:
    """Path of a value, and whether the value may be shown."""

    path: str = ""
    wire: str = ""
    secret: bool = False

    def field(self, name: str, wire: str) -> Place:
        return replace(self, path=f"{self.path}.{name}".lstrip("."), wire=f"{self.wire}.{wire}".lstrip("."))

    def item(self, index: int) -> Place:
        return replace(self, path=f"{self.path}[{index}]", wire=f"{self.wire}[]")

    def key(self, key: str) -> Place:
        return replace(self, path=f'{self.path}["{key}"]', wire=f"{self.wire}{{}}")


Finding = Problem | Leaf


def arguments(inputs: Properties, cls: type, place: Place | None = None) -> Iterator[Finding]:
    """Yield every mistake, and every scalar without one."""
    place = place or Place()
    known = fields(cls)
    given = {wire: value for wire, value in inputs.items() if not wire.startswith("__")}  # these are the plugin's own notes
    for wire, field in known.items():
        value = given.get(wire)
        if value is not None and value.value is not None:
            yield from find(value, field.type, place.field(field.name, wire))
        elif field.required:
            yield Problem(place.field(field.name, wire).path, "required, but missing")
    for name in given.keys() - known.keys():
        yield Problem(place.field(name, name).path, _no_such(name, known))


def find(value: PropertyValue, expected: Type, place: Place) -> Iterator[Finding]:
    """Yield the findings of one value."""
    inner = value.value
    if is_unknown(value) or isinstance(inner, ResourceReference) or isinstance(expected, Anything):
        return
    place = replace(place, secret=place.secret or value.is_secret)
    match expected:
        case Scalar():
            yield _scalar(inner, expected, place)
        case Choice():
            yield from _best(value, expected, place)
        case Record() if isinstance(inner, Mapping):
            yield from arguments(dict(inner), expected.cls, place)
        case MapOf() if isinstance(inner, Mapping):
            for key, item in inner.items():
                yield from find(item, expected.item, place.key(key))
        case ListOf() if isinstance(inner, Sequence) and not isinstance(inner, str):
            for index, item in enumerate(inner):
                yield from find(item, expected.item, place.item(index))
        case _:
            yield _mismatch(inner, expected, place)


def is_unknown(value: PropertyValue) -> bool:
    """True if the value is unknown before the update. The SDK reads the engine's marker as a plain string."""
    return isinstance(value.value, Computed) or value.value == rpc.UNKNOWN


def _scalar(inner: object, expected: Scalar, place: Place) -> Finding:
    fits = {
        "string": isinstance(inner, str),
        "boolean": isinstance(inner, bool),
        "number": isinstance(inner, float),
        "integer": isinstance(inner, float) and inner.is_integer(),  # every number on the wire is a float
    }
    if isinstance(inner, str | float | bool) and fits[expected.name]:
        return Leaf(place.path, place.wire, inner, place.secret)
    return _mismatch(inner, expected, place)


def _best(value: PropertyValue, expected: Choice, place: Place) -> Iterator[Finding]:
    """Findings of the option of the value's own sort, which explains best why no option fits."""
    attempts = [list(find(value, option, place)) for option in expected.options]
    fitting = [found for found in attempts if not any(isinstance(finding, Problem) for finding in found)]
    if fitting:
        return iter(fitting[0])
    inside = [found for found in attempts if all(finding.path != place.path for finding in found)]
    return iter(inside[0] if inside else [_mismatch(value.value, expected, place)])


def _mismatch(inner: object, expected: Type, place: Place) -> Problem:
    return Problem(place.path, f"expected {_described(expected)}, got {_sort(inner)}{'' if place.secret else _quoted(inner)}")


def _quoted(inner: object) -> str:
    if isinstance(inner, str):
        return f" {json.dumps(inner)}"
    return f" {inner:g}" if isinstance(inner, float) else ""


def _described(expected: Type) -> str:
    match expected:
        case Scalar():
            return f"{'an' if expected.name == 'integer' else 'a'} {expected.name}"
        case ListOf():
            return "a list"
        case Choice():
            return " or ".join(_described(option) for option in expected.options)
        case _:
            return "an object"


def _sort(inner: object) -> str:
    sorts = ((bool, "a boolean"), (str, "the string"), (float, "the number"), (Mapping, "an object"), (Sequence, "a list"))
    if isinstance(inner, pulumi.Asset | pulumi.Archive):
        return "an asset"
    return next((name for kind, name in sorts if isinstance(inner, kind)), "nothing")


def _no_such(name: str, known: Mapping[str, Field]) -> str:
    names = [field.name for field in known.values()]
    if name in names:
        (wire,) = (field.wire for field in known.values() if field.name == name)
        return f"sent unchanged, because nothing says that it means {wire}: use the SDK's Args class"
    close = difflib.get_close_matches(name, [*names, *known], n=1)
    if close:
        meant = known[close[0]].name if close[0] in known else close[0]
        return f"no such argument; did you mean {meant}?"
    return f"no such argument; there are: {', '.join(names)}"
