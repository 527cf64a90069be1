"""Turning into a program that asks a service of the running `local` stack, as `make load` and `make accuracy` do."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from scripts.errors import DriverError
from scripts.local import cluster as clusters
from scripts.local.cluster import Cluster
from scripts.local.engine import outputs
from scripts.local.workspace import Workspace, prepare

COMES_BY = {"mnist": "`make up` brings it", "smollm": "`make up SMOLLM=1` brings it"}

Words = Callable[[Mapping[str, Any], Cluster, Workspace], list[str]]
"""What Python is called with, by the stack's outputs; raises DriverError where the stack does not have the service."""


def become(words: Words) -> NoReturn:
    """The program takes this one's place, so that Ctrl-C and the exit code are its own; this one's arguments follow the words."""
    try:
        cluster = clusters.running()
        workspace = prepare(cluster)
        command = words(outputs(workspace), cluster, workspace)
    except DriverError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    os.execve(sys.executable, [sys.executable, *command, *sys.argv[1:]], workspace.environment)  # noqa: S606 (no shell)


def address(service: str, found: Mapping[str, Any]) -> str:
    """Of the service, by the stack's outputs. Raises DriverError."""
    url: str | None = found.get("endpoints", {}).get(service)
    if not url:
        raise DriverError(f"the stack has no endpoint of {service}; {COMES_BY.get(service, 'services: ' + ', '.join(COMES_BY))}")
    return url
