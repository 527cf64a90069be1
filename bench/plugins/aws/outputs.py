"""Previewed outputs of a resource: its inputs, and unknowns for everything that AWS fills in."""

from __future__ import annotations

from collections.abc import Mapping

from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime import rpc

from bench.plugins.aws.sdk_types import ListOf, Record, ResourceType, Type, fields
from bench.plugins.errors import Properties

_UNKNOWN = PropertyValue(rpc.UNKNOWN)  # the SDK cannot send its own `Computed`


def created(kind: ResourceType, inputs: Properties) -> Properties:
    """Outputs of a new resource. Only the program sets an output that the SDK calls optional."""
    outputs = {wire: _completed(value, field.type) for wire, field in fields(kind.resource).items() if (value := inputs.get(wire))}
    missing = {wire: _UNKNOWN for wire, field in fields(kind.resource).items() if field.required and wire not in outputs}
    return {**inputs, **outputs, **missing}


def updated(kind: ResourceType, state: Properties, inputs: Properties) -> Properties:
    """Outputs of an existing resource: values that AWS filled in stay."""
    kept = {wire: value for wire, value in state.items() if wire not in fields(kind.arguments)}
    return {**created(kind, inputs), **kept}


def _completed(value: PropertyValue, expected: Type) -> PropertyValue:
    """An object with unknowns for its missing fields: the SDK does not say which of them AWS fills in, such as a security group's id."""
    inner = value.value
    if isinstance(expected, Record) and isinstance(inner, Mapping):
        known = fields(expected.cls)
        given = {wire: _completed(item, known[wire].type) if wire in known else item for wire, item in inner.items()}
        return value.with_value({**dict.fromkeys(known, _UNKNOWN), **given})
    if isinstance(expected, ListOf) and isinstance(inner, tuple):
        return value.with_value([_completed(item, expected.item) for item in inner])
    return value
