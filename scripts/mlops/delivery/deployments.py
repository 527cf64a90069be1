"""The two ways from this machine to a stack: `local` with the settings that the machine adds, any other with the user's own tools."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from scripts.cloud.access import cluster_access
from scripts.cloud.preview import real_tools
from scripts.commands import ROOT
from scripts.errors import DriverError
from scripts.local import cluster as clusters
from scripts.local import workspace as workspaces
from scripts.local.engine import make_ready
from scripts.local.workspace import Workspace
from scripts.mlops.delivery.pulumi_engine import Deployment
from scripts.preview.run import POLICY_PACK
from scripts.stack_configuration import configuration
from scripts.stack_file import stack_file


def deployment(stack: str, sections: dict[str, Any]) -> Deployment:
    """`sections`: those of the stack file. Raises DriverError if the stack can't be reached from here."""
    return _local() if stack == workspaces.STACK else _cloud(stack, sections)


def _local() -> Deployment:
    cluster = clusters.running()
    images = workspaces.built(cluster)
    workspace = workspaces.prepare(cluster)

    def refresh() -> None:
        workspaces.write_config(workspace, cluster, images)

    def mend() -> None:
        make_ready(workspace, "up")

    def machine(sections: dict[str, Any]) -> dict[str, Any]:
        return workspaces.with_machine(sections, cluster, images)

    def copy(text: str, folder: Path) -> Path:
        scratch, source = Workspace(folder, workspace.environment), folder / "source.yaml"
        if workspace.config_file.exists():
            shutil.copy(workspace.config_file, scratch.config_file)  # its salt
        source.write_text(text)
        workspaces.write_config(scratch, cluster, images, source)
        return scratch.config_file

    return Deployment(workspaces.STACK, workspace.folder, workspace.environment, refresh, mend, machine, copy, workspace.config_file)


def _cloud(stack: str, sections: dict[str, Any]) -> Deployment:
    if not os.environ.get("PULUMI_BACKEND_URL"):
        raise DriverError("PULUMI_BACKEND_URL is not set: a rollout needs the stack's own state (docs/aws.md)")
    folder = ROOT / "build" / f"rollout-{stack}"
    folder.mkdir(parents=True, exist_ok=True)
    environment = real_tools()
    return Deployment(
        stack,
        folder,
        environment | cluster_access(configuration(stack, sections).cluster, folder, environment),
        refresh=lambda: None,
        mend=lambda: None,
        machine=lambda sections: sections,
        copy=lambda text, scratch: _written(scratch / stack_file(stack).name, text),
        policy_packs=POLICY_PACK[1:],
    )


def _written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path
