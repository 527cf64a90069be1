"""Conversion between the engine's property values (secrets, unknowns, references) and Kubernetes' plain JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
from pulumi.provider.experimental.property_value import PropertyValue, ResourceReference
from pulumi.runtime import rpc

from bench.plugins.errors import PluginError, Properties
from bench.plugins.kubernetes.documents import Json

UNKNOWN: str = rpc.UNKNOWN
"""The engine's marker for a value that is unknown before the update."""


def plain(value: PropertyValue) -> Json:
    """The value without its secret marks. An unknown stays the engine's marker string; assets and archives are refused."""
    inner = value.value
    if isinstance(inner, bool) or inner is None or isinstance(inner, str):
        return inner
    if isinstance(inner, float):
        return int(inner) if inner.is_integer() else inner
    if isinstance(inner, Mapping):
        return plain_map(inner)
    if isinstance(inner, ResourceReference):
        return plain(inner.resource_id) if inner.resource_id else inner.urn
    if isinstance(inner, pulumi.Asset | pulumi.Archive):
        raise PluginError("assets and archives are not supported here: pass the content as a string")
    if isinstance(inner, Sequence) and not isinstance(inner, str):
        return [plain(item) for item in inner]
    return UNKNOWN


def plain_map(values: Mapping[str, PropertyValue]) -> dict[str, Json]:
    return {_wire_name(name): plain(value) for name, value in values.items()}


def _wire_name(name: str) -> str:
    # The typed SDK cannot spell x-kubernetes-* of a CustomResourceDefinition with dashes.
    return name.replace("_", "-") if name.startswith("x_kubernetes_") else name


def has_unknown(value: Json) -> bool:
    if isinstance(value, dict):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    return bool(value == UNKNOWN)


def property_value(value: Json, like: PropertyValue | None = None) -> PropertyValue:
    """The plain value in the engine's form, secret wherever `like` (usually the inputs) is secret."""
    if like is not None and like.is_secret:
        return property_value(value).with_secret(True)
    if isinstance(value, dict):
        children = like.value if like is not None and isinstance(like.value, Mapping) else None
        if children is not None:
            return PropertyValue(property_map(value, children))
        marked = PropertyValue({name: property_value(item) for name, item in value.items()})
    elif isinstance(value, list):
        marked = PropertyValue([property_value(item) for item in value])
    elif isinstance(value, int) and not isinstance(value, bool):
        marked = PropertyValue(float(value))
    else:
        marked = PropertyValue(value)
    return marked.with_secret(like is not None and like.contains_secret())


def property_map(values: dict[str, Json], like: Mapping[str, PropertyValue] | None = None) -> Properties:
    """Like `property_value`, for a whole object. A Secret's content is always secret, wherever the Secret is nested."""
    known = {_wire_name(name): value for name, value in (like or {}).items()}
    result = {name: property_value(item, known.get(name)) for name, item in values.items()}
    if values.get("kind") == "Secret":
        for name in ("data", "stringData"):
            if name in result:
                result[name] = result[name].with_secret(True)
    return result
