"""Running `pulumi` on the `local` stack, from whatever state an interruption left."""

from __future__ import annotations

import json
from typing import Any

from scripts.commands import answer, show
from scripts.local.recovery import adopt_pending_creates, release_stale_lock
from scripts.local.workspace import STACK, Workspace

CONFIGURED = ("up", "preview", "refresh", "destroy", "watch")
"""The commands that read the stack's configuration, and so must be told where this machine's copy is."""


def pulumi(workspace: Workspace, arguments: list[str]) -> None:
    """Any `pulumi` command on the stack; a stack left locked or half-created by a killed run is mended first."""
    command = arguments[0] if arguments else "about"
    make_ready(workspace, command)
    if command in CONFIGURED:
        arguments = [*arguments, "--config-file", str(workspace.config_file)]
    show(["pulumi", *arguments, "--stack", STACK], workspace.environment)


def make_ready(workspace: Workspace, command: str) -> None:
    """The stack is there, and nothing that a killed run left stands in the command's way."""
    select_stack(workspace)
    if command in CONFIGURED:
        release_stale_lock(workspace)
    if command in ("up", "destroy"):
        adopt_pending_creates(workspace)


def outputs(workspace: Workspace) -> dict[str, Any]:
    """The stack's plain outputs."""
    return dict(json.loads(answer(["pulumi", "stack", "output", "--json", "--stack", STACK], workspace.environment)))


def select_stack(workspace: Workspace) -> None:
    """Create the stack on first use. Runs in the workspace folder: `stack init` writes its salt beside the Pulumi.yaml it finds."""
    stacks = json.loads(answer(["pulumi", "stack", "ls", "--json"], workspace.environment) or "[]")
    if not any(stack["name"].rsplit("/", 1)[-1] == STACK for stack in stacks):
        answer(["pulumi", "stack", "init", STACK, "--non-interactive", "-C", str(workspace.folder)], workspace.environment)
