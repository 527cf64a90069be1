"""Mistakes in a stack file, one line each: the key as in the file, the value, and the allowed values."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import UnionType
from typing import Any, Union, get_args, get_origin

import pulumi
from pydantic import BaseModel, Tag, ValidationError
from pydantic_core import ErrorDetails

from components.declared import NOT_TEXT, UNKNOWN_CHOICE, Declared
from stacks.config.secrets import HIDDEN

KEY_ITSELF = "[key]"
"""pydantic's mark for an error in a mapping's key instead of its value."""

PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")

SCALARS = (str, int, float, bool, type(None))


class ConfigError(Exception):
    """All mistakes of a stack file, one line each."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = list(lines)


@dataclass(frozen=True)
class Place:
    """Place of an error: the keys as written in the file, the section with the last key, and whether the value is a secret."""

    keys: list[str | int]
    section: type[BaseModel] | None
    secret: bool


def explain(error: ValidationError, model: type[BaseModel], prefix: str, shown: Mapping[str, Any]) -> list[str]:
    """One line per mistake. `shown`: the values that a message may repeat, with `HIDDEN` in place of each secret.

    The reason of a mistake comes from `shown` alone. A mistake that `shown` does not have depends on a secret, so its reason is hidden.
    """
    reasons = {(detail["loc"], detail["type"]): detail for detail in _mistakes(model, shown)}
    return [_line(detail, reasons.get((detail["loc"], detail["type"])), model, prefix, shown) for detail in error.errors()]


def _mistakes(model: type[BaseModel], values: Mapping[str, Any]) -> list[ErrorDetails]:
    try:
        model.model_validate(dict(values))
    except ValidationError as error:
        return error.errors()
    return []


def _line(detail: ErrorDetails, reason: ErrorDetails | None, model: type[BaseModel], prefix: str, shown: Mapping[str, Any]) -> str:
    place = _place(model, detail["loc"], shown)
    if detail["type"] == UNKNOWN_CHOICE:
        # pydantic reports the section, but the mistake is in one of its keys.
        place.keys.append(detail["ctx"]["key"])
    return f"{prefix}{_path(place.keys)}: {_text(reason, place) if reason else _hidden_text(detail)}"


def _text(detail: ErrorDetails, place: Place) -> str:
    match detail["type"]:
        case "missing":
            return f"is required{_description(detail, place)}"
        case "extra_forbidden":
            return _unknown_key(str(detail["loc"][-1]), place.section)
        case _ if (place.secret and detail["loc"][-1] != KEY_ITSELF) or (detail["type"] == "value_error" and detail["input"] == HIDDEN):
            # A check may refuse a secret for another reason than its replacement.
            return _hidden_text(detail)
        case "value_error":
            return _own_words(detail)
        case _ if detail["type"] == UNKNOWN_CHOICE:
            key, expected = detail["ctx"]["key"], detail["ctx"]["expected"]
            return _choice(detail["input"][key], expected) if key in detail["input"] else f"is required; choose one of: {expected}"
        case "model_type" | "model_attributes_type" | "dict_type":
            return f"{_shown(detail['input'])} is not a set of keys and values"
        case "string_type" if isinstance(detail["input"], int | float):
            kind = "true or false" if isinstance(detail["input"], bool) else "a number"
            return f"{_shown(detail['input'])} is read as {kind}; put it in quotes"
        case "literal_error":
            return _choice(detail["input"], detail["ctx"]["expected"].replace(" or ", ", "))
        case _:
            return f"{_shown(detail['input'])} is not allowed: {detail['msg'].replace('Input should', 'it should')}"


def _choice(value: object, expected: str) -> str:
    return f"{_shown(value)} is not allowed; choose one of: {expected}"


def _own_words(detail: ErrorDetails) -> str:
    """The message of one of the program's own checks, which names the values itself."""
    return detail["msg"].removeprefix("Value error, ")


def _hidden_text(detail: ErrorDetails) -> str:
    if detail["type"] == NOT_TEXT:
        return "a secret is text; a number or true needs quotes"
    return f"{HIDDEN} is not allowed ({detail['type']}); see schema/stack.schema.json"


def _unknown_key(key: str, section: type[BaseModel] | None) -> str:
    if section and issubclass(section, Declared) and key in section.renamed:
        return f"this key is now {section.renamed[key]}"
    known = _keys(section) if section else []
    close = difflib.get_close_matches(key, known, n=1)
    guess = f"did you mean {close[0]}? " if close else ""
    return f"unknown key; {guess}allowed: {', '.join(known)}"


def _description(detail: ErrorDetails, place: Place) -> str:
    key = detail["loc"][-1]
    fields = place.section.model_fields.values() if place.section else ()
    found = next((field.description for field in fields if field.alias == key and field.description), None)
    return f": {found}" if found else ""


def _place(model: type[BaseModel], loc: Sequence[str | int], shown: Any) -> Place:  # noqa: ANN401 - whatever stands in the file
    place = Place([], model, secret=False)
    members: list[Member] = [Member(None, model)]
    for key in loc:
        if key == KEY_ITSELF:
            continue
        if key in [member.tag for member in members]:
            # pydantic names the member of a union by its tag, which is not a key of the file.
            members = [member for member in members if member.tag == key]
            continue
        section = next((member.section for member in members if member.section), None)
        if not isinstance(key, int):
            members = _field(section, key) if section else [value for member in members for value in member.values]
        is_known = isinstance(key, int) or bool(section and members)
        secret = place.secret or any(member.secret for member in members)
        # A value that is encrypted as a whole hides its keys too.
        place = Place([*place.keys, key if is_known or _has(shown, key) else HIDDEN], section, secret)
        shown = shown[key] if _has(shown, key) else None
    return place


def _has(values: object, key: str | int) -> bool:
    return key in values if isinstance(values, dict) else isinstance(values, list) and isinstance(key, int) and key < len(values)


@dataclass(frozen=True)
class Member:
    """One type that a value may have."""

    tag: str | None
    type: Any

    @property
    def section(self) -> type[BaseModel] | None:
        return self.type if isinstance(self.type, type) and issubclass(self.type, BaseModel) else None

    @property
    def values(self) -> list[Member]:
        """Members of a mapping's value type."""
        return _members(get_args(self.type)[1]) if get_origin(self.type) is dict else []

    @property
    def secret(self) -> bool:
        return getattr(self.type, "__origin__", self.type) is pulumi.Output or any(value.secret for value in self.values)


def _field(section: type[BaseModel], key: str) -> list[Member]:
    return next((_members(field.annotation) for name, field in section.model_fields.items() if key in (field.alias, name)), [])


def _members(annotation: Any, tag: str | None = None) -> list[Member]:  # noqa: ANN401 - an annotation may be anything
    """Types of a field: through Annotated, the members of a union, the items of a list."""
    inner = get_args(annotation)
    if hasattr(annotation, "__metadata__"):
        tags = [item.tag for item in annotation.__metadata__ if isinstance(item, Tag)]
        return _members(inner[0], tags[0] if tags else tag)
    if get_origin(annotation) in (Union, UnionType, list):
        return [member for item in inner for member in _members(item, tag)]
    return [Member(tag, annotation)]


def _keys(section: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in section.model_fields.items()]


def _path(loc: Sequence[str | int]) -> str:
    """Return the keys as `pulumi config set --path` takes them: `models.iris.versions[0]`, and `mirror.images["quay.io"]` with quotes."""
    parts = [f"[{key}]" if isinstance(key, int) else f".{key}" if PLAIN_KEY.fullmatch(key) else f"[{json.dumps(key)}]" for key in loc]
    return "".join(parts).removeprefix(".")


def _shown(value: object) -> str:
    """The value as in the file; for a collection only its kind."""
    if value == HIDDEN:
        return HIDDEN
    if isinstance(value, SCALARS):
        return json.dumps(value, ensure_ascii=False)
    return "a list" if isinstance(value, list) else "a set of keys and values"
