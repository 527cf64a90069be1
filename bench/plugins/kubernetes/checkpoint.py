"""State of an object in the official shape: its live form, its inputs and the field manager."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from pulumi.provider.experimental.property_value import PropertyValue

from bench.plugins.errors import Properties
from bench.plugins.kubernetes import directives
from bench.plugins.kubernetes.documents import Object
from bench.plugins.kubernetes.values import property_map

_INPUTS, _VERSION, _MANAGER = "__inputs", "__initialApiVersion", "__fieldManager"
_SERVER_METADATA = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "uid", "selfLink")


def outputs(inputs: Object, live: Object, manager: str, marked: Mapping[str, PropertyValue]) -> Properties:
    """The state of an object, secret wherever the inputs (`marked`) are."""
    shown = {**live, "metadata": {name: value for name, value in live.get("metadata", {}).items() if name != "managedFields"}}
    result = property_map(shown, marked)
    result[_INPUTS] = PropertyValue(property_map(inputs, marked))
    result[_VERSION] = PropertyValue(str(inputs.get("apiVersion", "")))
    result[_MANAGER] = PropertyValue(manager)
    return result


def split(state: dict[str, Any]) -> tuple[Object, Object]:
    """The inputs and the live object of a state."""
    live = {name: value for name, value in state.items() if not name.startswith("__")}
    return dict(state.get(_INPUTS) or {}), live


def field_manager(state: dict[str, Any], inputs: Object) -> str:
    """Name of the manager that owns the program's fields: the object's annotation, else the one in the state."""
    return directives.value(inputs, "pulumi.com/patchFieldManager") or state.get(_MANAGER) or new_field_manager(inputs)


def new_field_manager(inputs: Object) -> str:
    return directives.value(inputs, "pulumi.com/patchFieldManager") or f"pulumi-kubernetes-{secrets.token_hex(4)}"


def imported_inputs(live: Object) -> Object:
    """Inputs for an imported object (`pulumi import`): the live object without the fields that the server owns."""
    kept = {name: value for name, value in live.items() if name != "status"}
    kept["metadata"] = {name: value for name, value in live.get("metadata", {}).items() if name not in _SERVER_METADATA}
    return kept
