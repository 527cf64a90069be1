"""Shows what `make up` would change on this machine's running stack, and the policies' verdict."""

from __future__ import annotations

from collections.abc import Sequence

from scripts.local import cluster as clusters
from scripts.local.engine import make_ready
from scripts.local.workspace import STACK, configured
from scripts.preview.live import check
from scripts.preview.run import summarized


def preview(arguments: Sequence[str], summary_only: bool = False) -> None:
    workspace = configured(clusters.running())
    make_ready(workspace, "preview")
    summarized(STACK, ["--config-file", str(workspace.config_file), *arguments], workspace.environment, summary_only)
    check(STACK, workspace.config_file, workspace.environment)
