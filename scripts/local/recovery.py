"""Repairs what a killed `pulumi` leaves behind: its lock, and what it created or upgraded but did not record."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from pathlib import Path
from typing import Any

from scripts.commands import answer, show
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
    pending = deployment.get("pending_operations") or []
    settled = {each["resource"]["urn"]: releases.settle(each, workspace.environment) for each in pending if _is_release(each)}
    creating = [operation["resource"] for operation in pending if operation["type"] == "creating"]
    if not creating:
        return
    print(f"  an earlier run was killed while creating {len(creating)} resources: looking them up", flush=True)
    found = [
        resource | {"id": identity, "outputs": resource.get("inputs", {})}
        for resource in creating
        if settled.get(resource["urn"], True) and (identity := _existing(resource, workspace.environment))
    ]
    deployment["pending_operations"] = [operation for operation in pending if operation["type"] != "creating"]
    deployment["resources"] = [*deployment.get("resources", []), *found]
    mended = workspace.folder / "mended.json"
    mended.write_text(json.dumps(exported))
    answer(["pulumi", "stack", "import", "--stack", STACK, "--file", str(mended)], workspace.environment)
    mended.unlink()
    targets = [argument for resource in found for argument in ("--target", resource["urn"])]
    if targets:
        refresh = ["pulumi", "refresh", "--yes", "--skip-preview", "--suppress-outputs", "--config-file", str(workspace.config_file)]
        show([*refresh, "--stack", STACK, *targets], workspace.environment)


def _is_release(operation: dict[str, Any]) -> bool:
    return operation["resource"]["type"] == releases.RELEASE and operation["type"] in ("creating", "updating")


def _existing(resource: dict[str, Any], environment: dict[str, str]) -> str | None:
    """Return the id of a settled release, or of an object that the cluster has: `namespace/name`, or `name` when cluster-wide."""
    kind_of, inputs = resource["type"], resource.get("inputs") or {}
    if kind_of == releases.RELEASE:
        return f"{inputs.get('namespace', 'default')}/{inputs['name']}"
    if not kind_of.startswith("kubernetes:"):
        return None
    _, version, kind = kind_of.split(":")
    group, _, version = version.rpartition("/")
    metadata = inputs.get("metadata") or {}
    name, namespace = metadata.get("name"), metadata.get("namespace")
    wanted = kind if group in ("", "core") else f"{kind}.{version}.{group}"
    scope = ["--namespace", namespace] if namespace else []
    if not name or not _succeeds(["kubectl", "get", wanted, name, *scope], environment):
        return None
    return f"{namespace}/{name}" if namespace else str(name)


def _succeeds(command: list[str], environment: dict[str, str]) -> bool:
    return subprocess.run(command, env=environment, check=False, capture_output=True).returncode == os.EX_OK
