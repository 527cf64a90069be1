"""Deleting an object and waiting until it is gone."""

from __future__ import annotations

import time

from bench.plugins.errors import PluginError
from bench.plugins.kubernetes import directives, naming
from bench.plugins.kubernetes.await_.wait import pauses
from bench.plugins.kubernetes.documents import Object
from bench.plugins.kubernetes.errors import ApiError, CancelledError, UnreachableError
from bench.plugins.kubernetes.session import Session
from bench.plugins.kubernetes.tokens import Gvk

# Kinds whose deletion the official provider does not await under skipAwait (pulumi-kubernetes#1232, #3154).
_SKIPPABLE = {"Namespace", "Pod", "ReplicationController", "DaemonSet", "Deployment", "StatefulSet", "Job"}


def delete_and_wait(session: Session, gvk: Gvk, resource_id: str, inputs: Object, timeout: float) -> None:
    """DELETE, then wait up to `timeout` seconds. An object or a whole kind that is already gone counts as success."""
    namespace, name = naming.parse_id(resource_id)
    try:
        path = session.cluster.kind(gvk).path(namespace, name)
        session.cluster.request("DELETE", path, body={"propagationPolicy": directives.propagation(inputs)})
        if directives.skip_await(inputs) and gvk.kind in _SKIPPABLE:
            return
        _wait_until_gone(session, path, timeout)
    except ApiError as error:
        if not error.not_found:
            raise


def _wait_until_gone(session: Session, path: str, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    first = session.cluster.request("GET", path)
    live = first
    for pause in pauses():
        left = deadline - time.monotonic()
        if left <= 0:
            raise PluginError(f"{naming.label(live)} is not gone after {timeout:.0f} s{_held_by(live)}")
        if session.cancelled.wait(min(pause, left)):
            raise CancelledError(f"interrupted: {naming.label(live)} is being deleted{_held_by(live)}")
        live = _look(session, path, live)
        if live["metadata"]["uid"] != first["metadata"]["uid"]:
            return  # a new object has the same name


def _look(session: Session, path: str, last: Object) -> Object:
    try:
        live: Object = session.cluster.request("GET", path)
    except UnreachableError:
        return last
    except ApiError as error:
        if error.not_found:
            raise
        return last
    return live


def _held_by(live: Object) -> str:
    finalizers = live["metadata"].get("finalizers") or []
    held = [f"finalizers {', '.join(finalizers)}"] if finalizers else []
    held += [entry["message"] for entry in (live.get("status") or {}).get("conditions") or [] if _is_obstacle(entry)]
    return f": held by {'; '.join(held)}" if held else ""


def _is_obstacle(condition: Object) -> bool:
    return str(condition.get("type", "")).startswith("Namespace") and condition.get("status") == "True"
