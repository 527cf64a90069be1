"""`python -m scripts.local.load [OPTIONS]`: loads a service of the running `local` stack and counts its replicas (`make load`).

SERVICE in the environment says which: `mnist`, which it is if nothing is said, or `smollm`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from components.serving.route_rules import part_name
from scripts.local.client import address, become
from scripts.local.cluster import Cluster
from scripts.local.workspace import Workspace
from scripts.stack_file import sections


def words(found: Mapping[str, Any], cluster: Cluster, workspace: Workspace) -> list[str]:
    """The load of the service, with how its replicas are counted."""
    service = os.environ.get("SERVICE") or "mnist"
    url = address(service, found)
    name, namespace = (urlsplit(url).hostname or "").split(".")[:2]
    names, more = [name], list[str]()
    if service == "smollm":
        deployed = sections(workspace.config_file.read_text())
        names = [part_name(name, version["name"]) for version in deployed["services"]["smollm"]["versions"]]
        more = _of_smollm(deployed, cluster)
    watched = [word for each in names for word in ("--replicas-of", f"{namespace}/{each}")]
    return ["-m", f"scripts.mlops.load_test_{service}", "--url", url, *watched, *more]


def _of_smollm(deployed: Mapping[str, Any], cluster: Cluster) -> list[str]:
    """Of the sections that the stack was last deployed with from this machine. The bench has no GPU."""
    prometheus = deployed.get("monitoring", {}).get("prometheusUrl")
    return [*(["--prometheus", prometheus] if prometheus else []), *(["--cpu"] if cluster.is_bench else [])]


if __name__ == "__main__":
    become(words)
