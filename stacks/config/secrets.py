"""Keeps secrets out of the messages about mistakes.

Pulumi decrypts secrets before it calls the program. Some engines then name the top-level keys with a secret inside; 3.170 names only those
that are encrypted as a whole. The stack file shows which values are plain. So the messages come from a second reading of the configuration
in which `HIDDEN` replaces every text that the file does not have at that place: no part of a secret can be in them, in any form.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Set
from pathlib import Path
from typing import Any

import yaml

from stacks.config.section import NAMESPACE

HIDDEN = "[secret]"
CONFIG_FILE = "PULUMI_OPTION_CONFIG_FILE"
"""Pulumi's variable for `--config-file`; it hands the program its own environment, but not its options."""


class _Scalars(yaml.CSafeLoader):
    """YAML whose scalars are the text that stands in the file. Only the merge key keeps its meaning."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own interface
        first: [(tag, pattern) for tag, pattern in resolvers if tag.endswith(":merge")]
        for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }


def without_secrets(values: Mapping[str, Any], secret_keys: Set[str], stack: str) -> dict[str, Any]:
    """The values as a message may repeat them.

    `secret_keys`: the top-level keys that Pulumi names. Without the stack file, or with another one, their values are hidden as a whole
    and all other texts one by one.
    """
    plain = _plain(Path(os.environ.get(CONFIG_FILE, f"Pulumi.{stack}.yaml")))
    return {key: HIDDEN if key in secret_keys and key not in plain else _visible(value, plain.get(key)) for key, value in values.items()}


def _plain(file: Path) -> dict[str, Any]:
    """The file's values below the program's namespace, with `secure: <ciphertext>` for encrypted ones; empty if it cannot be read."""
    try:
        config = yaml.load(file.read_text(), Loader=_Scalars)["config"]  # noqa: S506 - a safe loader, with fewer types
        return {str(key).removeprefix(f"{NAMESPACE}:"): value for key, value in config.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, yaml.YAMLError):
        return {}


def _visible(value: object, plain: object) -> object:
    match value, plain:
        case _, {"secure": _, **others} if not others:
            return HIDDEN
        case dict(), _:
            below = plain if isinstance(plain, dict) else {}
            return {key: _visible(item, below.get(key)) for key, item in value.items()}
        case list(), _:
            items = plain if isinstance(plain, list) else []
            return [_visible(item, items[index] if index < len(items) else None) for index, item in enumerate(value)]
        case str(), _:
            return value if value == plain else HIDDEN
    return value  # only text can be encrypted
