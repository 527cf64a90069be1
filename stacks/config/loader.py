"""Loads Pulumi's configuration into the stack's model."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pulumi
from pydantic import ValidationError

from stacks.config.errors import ConfigError, explain
from stacks.config.secrets import without_secrets
from stacks.config.section import NAMESPACE
from stacks.config.stack import StackConfig


def load(stack: str) -> StackConfig:
    """The configuration of this Pulumi run. Raises ConfigError with every mistake in it."""
    prefix = f"{NAMESPACE}:"
    # pulumi.Config looks keys up by name; only the whole map shows unknown keys.
    given = {key: value for key, value in pulumi.runtime.config.CONFIG.get().items() if key.startswith(prefix)}
    secret = {key.removeprefix(prefix) for key in given if pulumi.runtime.is_config_secret(key)}
    values = {key.removeprefix(prefix): _decoded(value) for key, value in given.items()}
    return _parsed(values, stack, lambda: without_secrets(values, secret, stack))


def parse(values: Mapping[str, Any], stack: str) -> StackConfig:
    """The model of these values, which contain no secret. Raises ConfigError."""
    return _parsed(values, stack, lambda: values)


def _parsed(values: Mapping[str, Any], stack: str, shown: Callable[[], Mapping[str, Any]]) -> StackConfig:
    try:
        return StackConfig.model_validate(dict(values))
    except ValidationError as error:
        raise ConfigError(explain(error, StackConfig, f"Pulumi.{stack}.yaml: {NAMESPACE}:", shown())) from None


def _decoded(value: str) -> object:
    """Decode a value: Pulumi passes structured values as JSON, and plain ones unchanged."""
    try:
        return json.loads(value)
    except ValueError:
        return value
