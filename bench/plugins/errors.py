"""Failures that reach the user unchanged, without a traceback."""

from __future__ import annotations

from pulumi.provider.experimental.property_value import PropertyValue

Properties = dict[str, PropertyValue]


class PluginError(Exception):
    """A failure with a complete message; it left nothing behind that the state does not contain."""


class InitFailedError(PluginError):
    """The operation failed, but the resource exists and belongs in the state; the next `up` updates it."""

    def __init__(self, resource_id: str, reasons: list[str], properties: Properties, inputs: Properties | None = None) -> None:
        super().__init__(reasons[0])
        self.resource_id = resource_id
        self.reasons = reasons
        self.properties = properties
        self.inputs = inputs
