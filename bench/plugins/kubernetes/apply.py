"""Writing an object: POST to create, server-side apply to update."""

from __future__ import annotations

import copy
import threading
from typing import Any

from bench.plugins.kubernetes import directives, naming
from bench.plugins.kubernetes.cluster import Cluster
from bench.plugins.kubernetes.documents import Json, Object
from bench.plugins.kubernetes.errors import ApiError, CancelledError
from bench.plugins.kubernetes.session import Session
from bench.plugins.kubernetes.tokens import Gvk

_CREATOR = "pulumi-kubernetes"
_APPLY = "application/apply-patch+yaml"
_JSON_PATCH = "application/json-patch+json"
_RETRY_SECONDS = (1, 2, 4, 8, 16)  # the official provider's five retries for a namespace or CRD that is about to appear
_CRD = ("apiextensions.k8s.io", "CustomResourceDefinition")

# Whose fields a first apply takes over: ours from the create, and those of a plain `kubectl apply`.
_ADOPTED = {("kubectl", "Apply"), ("kubectl", "Update"), ("before-first-apply", "Update"), (_CREATOR, "Update")}


def create(cluster: Cluster, gvk: Gvk, obj: Object, cancelled: threading.Event, *, dry_run: bool = False) -> Object:
    """POST. Waits up to 31 s for a missing namespace or kind. Raises ApiError, also when the object exists already."""
    query = {"fieldManager": _CREATOR, **({"dryRun": "All"} if dry_run else {})}
    for pause in (*_RETRY_SECONDS, None):
        try:
            path = cluster.kind(gvk).path(naming.identity(obj)[0])
            return _posted(cluster, path, _for_scope(cluster, gvk, obj), query)
        except ApiError as error:
            if error.already_exists:
                raise ApiError(409, error.reason, f"{error}: import it, alias it, or give this resource another name") from error
            if not error.not_found or dry_run or pause is None:
                raise
        if cancelled.wait(pause):
            raise CancelledError("cancelled before it was created")
    raise AssertionError("unreachable")


def _posted(cluster: Cluster, path: str, body: Object, query: dict[str, str]) -> Object:
    created: Object = cluster.request("POST", path, body=body, **query)
    return created


def apply(
    session: Session, gvk: Gvk, obj: Object, at: tuple[str | None, str], *, manager: str, ignored: list[str], dry_run: bool
) -> Object:
    """Server-side apply over the live object at `at` (namespace, name). Raises ApiError at a conflict with another manager."""
    cluster = session.cluster
    path = cluster.kind(gvk).path(*at)
    live = cluster.request("GET", path)
    body = _for_scope(cluster, gvk, obj)
    query = {"fieldManager": manager, **({"dryRun": "All"} if dry_run else {})}
    if (gvk.group, gvk.kind) == _CRD:
        # A CRD's lists of versions and fields are replaced as a whole, never merged.
        body = {**body, "metadata": {**naming.metadata(body), "resourceVersion": live["metadata"]["resourceVersion"]}}
        replaced: Object = cluster.request("PUT", path, body=body, **query)
        return replaced
    _keep_ignored(body, live, ignored)
    adopt = _adoption(live, manager)
    if adopt and not dry_run:
        cluster.request("PATCH", path, body=adopt, content=_JSON_PATCH)
    force = directives.is_true(obj, directives.PATCH_FORCE) or session.config.enable_patch_force or (dry_run and bool(adopt))
    try:
        applied: Object = cluster.request("PATCH", path, body=body, content=_APPLY, force=str(force).lower(), **query)
    except ApiError as error:
        if not error.conflict:
            raise
        message = f'{error}. To take the fields over, set the annotation {directives.PATCH_FORCE}: "true"'
        raise ApiError(409, error.reason, f"server-side apply field conflict detected: {message}") from error
    return applied


def _for_scope(cluster: Cluster, gvk: Gvk, obj: Object) -> Object:
    # Checked before its definition existed, a cluster-scoped custom resource may have been given a namespace.
    body = copy.deepcopy({**obj, "metadata": naming.metadata(obj)})
    if not cluster.kind(gvk).namespaced:
        body["metadata"].pop("namespace", None)
    return body


def _adoption(live: Object, manager: str) -> list[dict[str, Any]]:
    """A JSON patch that hands the fields set by a create (or kubectl apply) to the manager that applies from now on."""
    entries = naming.metadata(live).get("managedFields") or []
    taken = [entry for entry in entries if _is_adopted(entry)]
    if not taken:
        return []
    own = next((entry for entry in entries if entry.get("manager") == manager and entry.get("operation") == "Apply"), None)
    fields: dict[str, Any] = {}
    for entry in [*taken, *([own] if own else [])]:
        _merge(fields, entry.get("fieldsV1") or {})
    kept = [entry for entry in entries if entry not in taken and entry is not own]
    ours = {"manager": manager, "operation": "Apply", "apiVersion": live["apiVersion"], "fieldsType": "FieldsV1", "fieldsV1": fields}
    return [
        {"op": "replace", "path": "/metadata/managedFields", "value": [*kept, ours]},
        {"op": "replace", "path": "/metadata/resourceVersion", "value": live["metadata"]["resourceVersion"]},
    ]


def _is_adopted(entry: dict[str, Any]) -> bool:
    return (entry.get("manager"), entry.get("operation")) in _ADOPTED and not entry.get("subresource")


def _merge(into: dict[str, Any], more: dict[str, Any]) -> None:
    for name, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(name), dict):
            _merge(into[name], value)
        else:
            into[name] = value


def _keep_ignored(body: Object, live: Object, paths: list[str]) -> None:
    """`ignoreChanges`: send the live value, so that whoever else sets the field is neither overruled nor in conflict."""
    for path in paths:
        *parents, last = path.split(".")
        target: Any = body
        source: Any = live
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
