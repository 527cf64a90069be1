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
    names, more = [name], list[str]()
    if service == "smollm":
        deployed = sections(workspace.config_file.read_text())
        names = [part_name(name, version["name"]) for version in deployed["services"]["smollm"]["versions"]]
        more = _of_smollm(deployed, cluster)
    watched = [word for each in names for word in ("--replicas-of", f"{namespace}/{each}")]
    return ["-m", f"scripts.mlops.load_test_{service}", "--url", url, *watched, *more]


COMES_BY = {"mnist": "`make up` brings it", "smollm": "`make up SMOLLM=1` brings it"}


def _of_smollm(deployed: Mapping[str, Any], cluster: Cluster) -> list[str]:
    """Of the sections that the stack was last deployed with from this machine. The bench has no GPU."""
    prometheus = deployed.get("monitoring", {}).get("prometheusUrl")
    return [*(["--prometheus", prometheus] if prometheus else []), *(["--cpu"] if cluster.is_bench else [])]


if __name__ == "__main__":
    main()
