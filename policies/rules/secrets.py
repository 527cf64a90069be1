"""Finds likely secrets in places that many users can read. Messages give the path, never the value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

NAME = re.compile(r"(password|passwd|secret|token|api_?key|private_?key|access_?key|credential)s?$", re.IGNORECASE)
"""The end of a secret's name; SECRET_KEY_REF_NAME, existingSecret and the like name a Secret and do not match."""
VALUE = re.compile(r"AKIA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY-----|gh[pousr]_[A-Za-z0-9]{36}|hf_[A-Za-z0-9]{30,}")
"""Patterns of AWS, PEM, GitHub and Hugging Face secrets."""
REFERENCES = re.compile(r"^(existing|image_?pull|tls)_?secrets?$|secret_?name$|^automount", re.IGNORECASE)


def looks_secret(name: str, value: Any) -> bool:  # noqa: ANN401 - a value without a schema
    if not isinstance(value, str) or not value or value.lower() in ("true", "false"):
        return False
    return bool(VALUE.search(value)) or bool(NAME.search(name) and not REFERENCES.search(name))


def secrets_in(value: Any, path: str, name: str = "") -> Iterator[str]:  # noqa: ANN401 - a value without a schema
    """Paths below `value` of likely secrets."""
    if isinstance(value, Mapping):
        for key in value:
            yield from secrets_in(value[key], f"{path}.{key}", key)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for position in range(len(value)):
            yield from secrets_in(value[position], f"{path}[{position}]", name)
    elif looks_secret(name, value):
        yield path
