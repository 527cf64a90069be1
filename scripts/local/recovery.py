"""Repairs what a killed `pulumi` leaves behind: its lock, and what it created or upgraded but did not record."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scripts.commands import answer, show
from scripts.errors import DriverError, reason
from scripts.local import releases
from scripts.local.workspace import STACK, Workspace
from scripts.stack_file import PROJECT


def release_stale_lock(workspace: Workspace) -> None:
    """Cancel a lock in a file backend when the process that took it, on this machine, is gone."""
    backend = workspace.environment["PULUMI_BACKEND_URL"]
    if not backend.startswith("file://"):
        return
    locks = Path(backend.removeprefix("file://")).expanduser() / ".pulumi/locks/organization" / PROJECT / STACK
    holders = [json.loads(lock.read_text()) for lock in locks.glob("*.json")]
    if holders and all(_is_gone(holder) for holder in holders):
        print("  an earlier run was killed: releasing its lock on the stack", flush=True)
        show(["pulumi", "cancel", "--yes", "--stack", STACK], workspace.environment)


def _is_gone(holder: dict[str, Any]) -> bool:
    """Return whether no `pulumi` runs here under the holder's id: it ended, is not yet reaped, or another process has the id by now."""
    if holder.get("hostname") != socket.gethostname():
        return False
    try:
        name, _, rest = Path(f"/proc/{holder['pid']}/stat").read_text().partition("(")[2].rpartition(")")
    except FileNotFoundError:
        return True
    return name != "pulumi" or rest.split()[0] == "Z"


def adopt_pending_creates(workspace: Workspace) -> None:
    """Record objects in the state that a killed run created without recording, drop those that it did not create, and settle its releases.

    Without this the next `up` would fail with AlreadyExists, or lose track of the object. `pulumi refresh --import-pending-creates`
    is meant for it, but the engine (3.170) forgets the resource instead, so this edits the state itself, then refreshes it.
    """
    exported = json.loads(answer(["pulumi", "stack", "export", "--stack", STACK], workspace.environment))
    deployment = exported.get("deployment") or {}
    found = settle_pending(deployment, workspace.environment)
    if found is None:
        return
    mended = workspace.folder / "mended.json"
    mended.write_text(json.dumps(exported))
    answer(["pulumi", "stack", "import", "--stack", STACK, "--file", str(mended)], workspace.environment)
    mended.unlink()
    targets = [argument for resource in found for argument in ("--target", resource["urn"])]
    if targets:
        refresh = ["pulumi", "refresh", "--yes", "--skip-preview", "--suppress-outputs", "--config-file", str(workspace.config_file)]
        show([*refresh, "--stack", STACK, *targets], workspace.environment)


def settle_pending(deployment: dict[str, Any], environment: Mapping[str, str]) -> list[dict[str, Any]] | None:
    """Settle the operations that a killed run left in this state: return the resources it adds to the state; None if it stays as it is."""
    pending = deployment.get("pending_operations") or []
    settled = {each["resource"]["urn"]: releases.settle(each, environment) for each in pending if _is_release(each)}
    creating = [operation["resource"] for operation in pending if operation["type"] == "creating"]
    if not creating:
        return None
    print(f"  an earlier run was killed while creating {len(creating)} resources: looking them up", flush=True)
    looked_up = [_adopted(resource, environment) for resource in creating if settled.get(resource["urn"], True)]
    found = [resource for resource in looked_up if resource]
    deployment["pending_operations"] = [operation for operation in pending if operation["type"] != "creating"]
    deployment["resources"] = [*deployment.get("resources", []), *found]
    return found


def _is_release(operation: dict[str, Any]) -> bool:
    return operation["resource"]["type"] == releases.RELEASE and operation["type"] in ("creating", "updating")


def _adopted(resource: dict[str, Any], environment: Mapping[str, str]) -> dict[str, Any] | None:
    """Return the entry in the state of a settled release or of an object that the cluster has; None of what it has not.

    An id is `namespace/name`, or `name` when cluster-wide.
    """
    kind_of, inputs = resource["type"], resource.get("inputs") or {}
    if kind_of == releases.RELEASE:
        return resource | {"id": f"{inputs.get('namespace', 'default')}/{inputs['name']}", "outputs": inputs}
    if not kind_of.startswith("kubernetes:"):
        return None
    metadata = inputs.get("metadata") or {}
    name, namespace = metadata.get("name"), metadata.get("namespace")
    live = _live(kind_of, name, namespace, environment) if name else None
    if live is None:
        return None
    return resource | {"id": f"{namespace}/{name}" if namespace else name, "outputs": inputs | _field_manager(live)}


def _live(kind_of: str, name: str, namespace: str | None, environment: Mapping[str, str]) -> dict[str, Any] | None:
    """Return the object, or None if the cluster has neither it nor perhaps its kind. Raises DriverError if the cluster does not say."""
    _, version, kind = kind_of.split(":")
    group, _, version = version.rpartition("/")
    wanted = kind if group in ("", "core") else f"{kind}.{version}.{group}"
    scope = ["--namespace", namespace] if namespace else []
    command = ["kubectl", "get", wanted, name, *scope, "--output", "json", "--show-managed-fields", "--ignore-not-found"]
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    if done.returncode == os.EX_OK:
        return dict(json.loads(done.stdout)) if done.stdout.strip() else None
    if "the server doesn't have a resource type" in done.stderr:
        return None
    raise DriverError(f"an earlier run may have made {wanted} {name}, and the cluster does not say: {reason(done)}")


def _field_manager(live: Mapping[str, Any]) -> dict[str, str]:
    """Return the name under which the killed run applied the object, as the plugin keeps it in the state.

    Without it the plugin makes up another name, and the API server refuses every later change as a conflict between the two.
    """
    managers = [entry["manager"] for entry in live["metadata"].get("managedFields", []) if entry["operation"] == "Apply"]
    names = [manager for manager in managers if manager.startswith("pulumi-kubernetes-")]
    return {"__fieldManager": names[0]} if names else {}
