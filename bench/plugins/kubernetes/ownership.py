"""Field ownership: a create owns its fields by "Update", an apply by "Apply"; this transfers the former to the latter."""

from __future__ import annotations

from typing import Any

from bench.plugins.kubernetes import naming
from bench.plugins.kubernetes.documents import Json, Object

CREATOR = "pulumi-kubernetes"
"""Field manager of every create, as in the official provider."""

# Matched by prefix, as in the official provider: fields of the create, and fields that a user set with kubectl.
_ADOPTED = (("kubectl", "Apply"), ("kubectl", "Update"), ("before-first-apply", "Update"), (CREATOR, "Update"))


def adoption(live: Object, manager: str) -> list[dict[str, Any]]:
    """A JSON patch that makes `manager` own the fields of the create and of kubectl; empty if there are none."""
    entries = naming.metadata(live).get("managedFields") or []
    taken = [entry for entry in entries if _is_adopted(entry)]
    if not taken:
        return []
    own = [entry for entry in entries if (entry.get("manager"), entry.get("operation")) == (manager, "Apply")]
    fields: dict[str, Any] = {}
    for entry in [*taken, *own]:
        _merge(fields, entry.get("fieldsV1") or {})
    ours = {"manager": manager, "operation": "Apply", "apiVersion": live["apiVersion"], "fieldsType": "FieldsV1", "fieldsV1": fields}
    kept = [entry for entry in entries if entry not in taken and entry not in own]
    return [
        {"op": "replace", "path": "/metadata/managedFields", "value": [*kept, ours]},
        {"op": "replace", "path": "/metadata/resourceVersion", "value": live["metadata"]["resourceVersion"]},
    ]


def _is_adopted(entry: dict[str, Any]) -> bool:
    if entry.get("subresource"):
        return False
    manager, operation = entry.get("manager", ""), entry.get("operation")
    return any(manager.startswith(prefix) and operation == kind for prefix, kind in _ADOPTED)


def _merge(into: dict[str, Any], more: dict[str, Any]) -> None:
    for name, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(name), dict):
            _merge(into[name], value)
        else:
            into[name] = value


def keep_ignored(body: Object, live: Object, paths: list[str]) -> None:
    """`ignoreChanges`: send the live value, so that the field's other manager is neither overruled nor in conflict."""
    for path in paths:
        *parents, last = path.split(".")
        target: Json = body
        source: Json = live
        for name in parents:
            target, source = _child(target, name), _child(source, name)
        if not isinstance(target, dict) or last not in target:
            continue
        if isinstance(source, dict) and last in source:
            target[last] = source[last]
        else:
            del target[last]


def _child(value: Json, name: str) -> Json:
    return value.get(name) if isinstance(value, dict) else None


def merge_patch(old: Object, new: Object) -> Object:
    """The JSON merge patch (RFC 7396) from `old` to `new`: whole lists, null for removed fields."""
    patch: Object = {name: None for name in old if name not in new}
    for name, value in new.items():
        before = old.get(name)
        if isinstance(before, dict) and isinstance(value, dict):
            inner = merge_patch(before, value)
            if inner:
                patch[name] = inner
        elif name not in old or before != value:
            patch[name] = value
    return patch
