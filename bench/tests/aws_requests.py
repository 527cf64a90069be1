"""Requests to the simulated aws plugin, as the engine sends them."""

from __future__ import annotations

from pathlib import Path

from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime import rpc

from bench.plugins.aws.provider import AwsProvider
from bench.plugins.aws.service_models import ServiceModels
from bench.plugins.errors import Properties

ROLE_ARN = "arn:aws:iam::111122223333:role/nodes"  # an account id that AWS reserves for documentation
UNKNOWN = rpc.UNKNOWN


class Log:
    """The messages that the plugin logged."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    async def warn(self, message: str) -> None:
        self.messages.append(message)


def wire(value: object) -> PropertyValue:
    """A value as the engine sends it."""
    if isinstance(value, PropertyValue):
        return value
    if isinstance(value, dict):
        return PropertyValue({name: wire(item) for name, item in value.items()})
    if isinstance(value, list):
        return PropertyValue([wire(item) for item in value])
    if isinstance(value, int) and not isinstance(value, bool):
        return PropertyValue(float(value))
    assert value is None or isinstance(value, str | bool | float)
    return PropertyValue(value)


def secret(value: object) -> PropertyValue:
    return wire(value).with_secret(True)


def properties(inputs: dict[str, object]) -> Properties:
    return {name: wire(value) for name, value in inputs.items()}


def plugin(models: Path | None = None, log: Log | None = None) -> AwsProvider:
    return AwsProvider("7.51.1", ServiceModels(models), log or Log())
