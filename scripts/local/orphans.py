"""Ends what a killed `pulumi` left running: neither its program nor its plugins miss it.

The language host can't end the program, which waits for ever. The kubernetes plugin goes on with what it was doing, such as the
installation of a chart, and then waits for ever too (pulumi: pkg/resource/provider/main.go, whose health check cancels nothing).
"""

from __future__ import annotations

import os
import signal
from pathlib import Path


def end(project: Path) -> None:
    """End language hosts and plugins of the project in this folder, unless their parent is a `pulumi`. Each leads its own process group."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = (process / "stat").read_text().rpartition(")")[2].split()[1]
            if _belongs(process, project) and (Path("/proc") / parent / "comm").read_text().strip() != "pulumi":
                os.killpg(int(process.name), signal.SIGKILL)
        except (FileNotFoundError, PermissionError, ProcessLookupError):
            continue  # it ended meanwhile, or is somebody else's


def _belongs(process: Path, project: Path) -> bool:
    program, *arguments = (process / "cmdline").read_text().split("\0")
    is_plugin = Path(program).name.startswith("pulumi-resource-")
    return f"-root={project}" in arguments or (is_plugin and (process / "cwd").readlink() == project)
