"""`pulumi up` without a user at a terminal, for a workflow after a merge."""

from __future__ import annotations

import os

from scripts.cloud import node_pools
from scripts.cloud.preview import real_tools
from scripts.commands import show
from scripts.errors import DriverError
from scripts.preview.run import POLICY_PACK
from scripts.stack_configuration import configuration
from scripts.stack_file import read, stack_file


def deploy(stack: str, arguments: list[str]) -> None:
    """Run `pulumi up`. The engine previews first, and changes nothing if the preview fails."""
    if not os.environ.get("PULUMI_BACKEND_URL"):
        raise DriverError("PULUMI_BACKEND_URL is not set: a deployment needs the stack's own state (docs/aws.md)")
    environment = real_tools()
    node_pools.prepare(stack, configuration(stack, read(stack_file(stack))), environment)
    show(["pulumi", "up", "--yes", "--non-interactive", "--stack", stack, *POLICY_PACK, *arguments], environment)
