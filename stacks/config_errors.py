"""Mistakes in a stack file, one line each: the key as written there, the value, and what is allowed."""

from __future__ import annotations

import difflib
import json
from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Any, get_args

import pulumi
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

HIDDEN = "[secret]"
SCALARS = (str, int, float, bool, type(None))


class ConfigError(Exception):
    """Every mistake of a stack file, one line each."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = list(lines)


@dataclass(frozen=True)
class Place:
    """Where an error is in the model: the section that holds the key, if it is one of ours, and whether the value is a secret."""

    section: type[BaseModel] | None
    secret: bool


def explain(error: ValidationError, model: type[BaseModel], file: str, namespace: str, secret_keys: Set[str]) -> list[str]:
    """One line per mistake. `secret_keys`: the top-level keys whose values must not be repeated."""
    return [_line(detail, model, f"{file}: {namespace}:", secret_keys) for detail in error.errors()]


def _line(detail: ErrorDetails, model: type[BaseModel], prefix: str, secret_keys: Set[str]) -> str:
    place = _place(model, detail["loc"], secret_keys)
    return f"{prefix}{_path(detail['loc'])}: {_text(detail, place)}"


def _text(detail: ErrorDetails, place: Place) -> str:
    match detail["type"]:
        case "missing":
            return f"is required{_description(detail, place)}"
        case "extra_forbidden":
            return _unknown_key(str(detail["loc"][-1]), place.section)
        case _ if place.secret:
            return _hidden_text(detail)
        case "value_error":
            return _own_words(detail)
        case "model_type" | "model_attributes_type" | "dict_type":
            return f"{_shown(detail['input'])} is not a set of keys and values"
        case "literal_error":
            return f"{_shown(detail['input'])} is not allowed; choose one of: {detail['ctx']['expected'].replace(' or ', ', ')}"
        case _:
            return f"{_shown(detail['input'])} is not allowed: {detail['msg'].replace('Input should', 'it should')}"


def _own_words(detail: ErrorDetails) -> str:
    """What a rule of ours says; it names the values itself."""
    return detail["msg"].removeprefix("Value error, ")


def _hidden_text(detail: ErrorDetails) -> str:
    return f"{HIDDEN} is not allowed ({detail['type']}); schema/stack.schema.json says what is"


def _unknown_key(key: str, section: type[BaseModel] | None) -> str:
    known = _keys(section) if section else []
    close = difflib.get_close_matches(key, known, n=1)
    guess = f"did you mean {close[0]}? " if close else ""
    return f"unknown key; {guess}allowed: {', '.join(known)}"


def _description(detail: ErrorDetails, place: Place) -> str:
    key = detail["loc"][-1]
    fields = place.section.model_fields.values() if place.section else ()
    found = next((field.description for field in fields if field.alias == key and field.description), None)
    return f": {found}" if found else ""


def _place(model: type[BaseModel], loc: Sequence[str | int], secret_keys: Set[str]) -> Place:
    section: type[BaseModel] | None = model
    holder: type[BaseModel] | None = model
    secret = bool(loc) and loc[0] in secret_keys
    for key in loc:
        holder = section
        fields = holder.model_fields.items() if holder else ()
        types = next((_types(field.annotation) for name, field in fields if key in (field.alias, name)), ())
        secret = secret or any(getattr(item, "__origin__", item) is pulumi.Output for item in types)
        section = next((item for item in types if isinstance(item, type) and issubclass(item, BaseModel)), None)
    return Place(holder, secret)


def _types(annotation: Any) -> tuple[Any, ...]:  # noqa: ANN401 - an annotation may be anything
    """The members of a union, through Annotated; a plain type is its own only member."""
    inner = get_args(annotation)
    if hasattr(annotation, "__metadata__"):
        return _types(inner[0])
    if inner and not isinstance(annotation, type) and type(None) in inner:
        return tuple(member for item in inner for member in _types(item))
    return (annotation,)


def _keys(section: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in section.model_fields.items()]


def _path(loc: Sequence[str | int]) -> str:
    """`services.mnist.items[0]`; a key with other signs than letters and digits is quoted: `mirror.images["quay.io"]`."""
    parts = [f"[{key}]" if isinstance(key, int) else f".{key}" if key.isidentifier() else f"[{json.dumps(key)}]" for key in loc]
    return "".join(parts).removeprefix(".")


def _shown(value: object) -> str:
    """The value as in the file; of a collection only its kind."""
    if isinstance(value, SCALARS):
        return json.dumps(value, ensure_ascii=False)
    return "a list" if isinstance(value, list) else "a set of keys and values"
