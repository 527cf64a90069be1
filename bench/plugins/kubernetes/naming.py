"""Names, namespaces and ids of objects."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from bench.plugins.errors import PluginError
from bench.plugins.kubernetes import directives
from bench.plugins.kubernetes.documents import Object
from bench.plugins.kubernetes.values import UNKNOWN

_SUFFIX_LENGTH = 8


def metadata(obj: Object) -> dict[str, Any]:
    return obj.get("metadata") or {}


def ensure_name(obj: Object, old: Object, urn_name: str, seed: bytes) -> None:
    """Give an unnamed object its previous name, or the resource's name with a suffix."""
    if metadata(obj).get("name"):
        return
    if metadata(obj).get("generateName"):
        raise PluginError("metadata.generateName is not supported with server-side apply: set metadata.name")
    kept = metadata(old).get("name") if directives.is_true(old, directives.AUTONAMED) else None
    given = dict(metadata(obj))
    given["name"] = kept or unique_name(urn_name, seed)
    given["annotations"] = {**(given.get("annotations") or {}), directives.AUTONAMED: "true"}
    obj["metadata"] = given


def unique_name(prefix: str, seed: bytes) -> str:
    """The prefix and eight characters; the engine's seed makes preview and update choose the same ones."""
    random = hashlib.sha256(seed).hexdigest() if seed else secrets.token_hex(_SUFFIX_LENGTH)
    return f"{prefix}-{random[:_SUFFIX_LENGTH]}"


def ensure_namespace(obj: Object, namespaced: bool, default: str) -> None:
    if namespaced and not metadata(obj).get("namespace"):
        obj["metadata"] = {**metadata(obj), "namespace": default}


def align_identity(old: Object, new: Object, live: Object) -> None:
    """Make name and namespace comparable: an implicit and an explicit "default" are equal, and a cluster-scoped object has none.

    A custom resource may carry a namespace that its object never had if its scope was unknown during the check.
    """
    live_namespace = metadata(live).get("namespace")
    for side in (old, new):
        aligned = dict(metadata(side))
        aligned.pop("namespace", None)
        if live_namespace:
            aligned["namespace"] = live_namespace if side is old else metadata(new).get("namespace") or "default"
        side["metadata"] = aligned
    old["metadata"]["name"] = metadata(live).get("name")


def identity(obj: Object) -> tuple[str | None, str]:
    """Namespace (None for a cluster-scoped object) and name."""
    return metadata(obj).get("namespace") or None, metadata(obj).get("name") or ""


def object_id(obj: Object) -> str:
    """The engine's id of the object: `namespace/name`, or `name`."""
    return "/".join(part for part in identity(obj) if part)


def parse_id(resource_id: str) -> tuple[str | None, str]:
    namespace, _, name = resource_id.rpartition("/")
    return namespace or None, name


def label(obj: Object) -> str:
    """The object's name in messages: `Deployment default/web`."""
    name = object_id(obj)
    return f"{obj.get('kind', 'object')} {'(name not known yet)' if UNKNOWN in name else name}"
