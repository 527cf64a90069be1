"""Failures that reach the user unchanged, without a traceback."""

from __future__ import annotations

from pulumi.provider.experimental.property_value import PropertyValue

Properties = dict[str, PropertyValue]


class PluginError(Exception):
    """A failure with a complete message; it left nothing behind that the state does not contain."""
