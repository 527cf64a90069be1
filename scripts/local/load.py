"""`python -m scripts.local.load [OPTIONS]`: loads a service of the running `local` stack and counts its replicas (`make load`).

SERVICE in the environment says which: `mnist`, which it is if nothing is said, or `smollm`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any, NoReturn
from urllib.parse import urlsplit

from components.serving.route_rules import part_name
from scripts.errors import DriverError
from scripts.local import cluster as clusters
from scripts.local.cluster import Cluster
from scripts.local.engine import outputs
from scripts.local.workspace import Workspace, prepare
from scripts.stack_file import sections


def main() -> NoReturn:
    """Turns into the load itself, so that Ctrl-C and the exit code are its own."""
    try:
        cluster = clusters.running()
        workspace = prepare(cluster)
        words = command(os.environ.get("SERVICE") or "mnist", outputs(workspace), cluster, workspace)
    except DriverError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    os.execve(sys.executable, [sys.executable, *words, *sys.argv[1:]], workspace.environment)  # noqa: S606 (no shell)


def command(service: str, found: Mapping[str, Any], cluster: Cluster, workspace: Workspace) -> list[str]:
    """Of Python. Raises DriverError where the stack does not have the service."""
    url = found.get("endpoints", {}).get(service)
    if not url:
        raise DriverError(f"the stack has no endpoint of {service}; {COMES_BY.get(service, 'services: ' + ', '.join(COMES_BY))}")
    name, namespace = (urlsplit(url).hostname or "").split(".")[:2]
    names = [name] if service == "mnist" else [part_name(name, version) for version in _versions(workspace)]
    watched = [word for each in names for word in ("--replicas-of", f"{namespace}/{each}")]
    # The bench has no GPU.
    hardware = ["--cpu"] if service == "smollm" and cluster.is_bench else []
    return ["-m", f"scripts.mlops.load_test_{service}", "--url", url, *watched, *hardware]


COMES_BY = {"mnist": "`make up` brings it", "smollm": "`make up SMOLLM=1` brings it"}


def _versions(workspace: Workspace) -> list[str]:
    """As the stack was last deployed from this machine."""
    smollm = sections(workspace.config_file.read_text())["services"]["smollm"]
    return [version["name"] for version in smollm["versions"]]


if __name__ == "__main__":
    main()
