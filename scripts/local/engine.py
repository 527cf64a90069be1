"""Runs `pulumi` on the `local` stack, also after an interruption."""

from __future__ import annotations

import json
from typing import Any

from scripts.commands import ROOT, answer, show
from scripts.errors import DriverError
from scripts.local import orphans
from scripts.local.recovery import adopt_pending_creates, release_stale_lock
from scripts.local.workspace import STACK, Workspace

CONFIGURED = ("up", "preview", "refresh", "destroy", "watch")
"""The commands that read the stack's configuration, and so need the path of this machine's copy."""


def pulumi(workspace: Workspace, arguments: list[str]) -> None:
    """Run any `pulumi` command on the stack; first repair what a killed run left locked or half-created."""
    command = arguments[0] if arguments else "about"
    make_ready(workspace, command)
    if command in CONFIGURED:
        arguments = [*arguments, "--config-file", str(workspace.config_file)]
    show(["pulumi", *arguments, "--stack", STACK], workspace.environment)


def make_ready(workspace: Workspace, command: str) -> None:
    """Make sure that the stack exists and that no leftover of a killed run blocks the command."""
    orphans.end(ROOT)
    select_stack(workspace)
    if command in CONFIGURED:
        release_stale_lock(workspace)
    if command in ("up", "destroy"):
        adopt_pending_creates(workspace)


def outputs(workspace: Workspace) -> dict[str, Any]:
    """Return the stack's plain outputs. Raises DriverError if nothing has been deployed."""
    if not _exists(workspace):
        raise DriverError("nothing is deployed here yet: `make up`")
    return dict(json.loads(answer(["pulumi", "stack", "output", "--json", "--stack", STACK], workspace.environment)))


def select_stack(workspace: Workspace) -> None:
    """Create the stack on first use. Runs in the workspace folder: `stack init` writes its salt beside the Pulumi.yaml it finds."""
    if not _exists(workspace):
        answer(["pulumi", "stack", "init", STACK, "--non-interactive", "-C", str(workspace.folder)], workspace.environment)


def _exists(workspace: Workspace) -> bool:
    stacks = json.loads(answer(["pulumi", "stack", "ls", "--json"], workspace.environment) or "[]")
    return any(stack["name"].rsplit("/", 1)[-1] == STACK for stack in stacks)
