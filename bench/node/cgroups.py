"""The node's cgroups, by which every process that the node started can be found, whatever process forked it.

<hierarchy>/bench-<instance>/node       the node's own processes and the containers' shims
<hierarchy>/bench-<instance>/kubepods   the pods, managed by the kubelet
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from bench.errors import BenchError
from bench.paths import Instance

KILL_TIMEOUT = 30.0
"""Seconds until killed processes must be gone; a process that waits for a disk takes longest."""


def hierarchies() -> list[Path]:
    """Mount points of all cgroup hierarchies, version 1 and 2."""
    points = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields, _, source = line.partition(" - ")
        if source.split()[0] in ("cgroup", "cgroup2"):
            points.append(Path(fields.split()[4]))
    return points


def leaves(instance: Instance) -> list[Path]:
    """The cgroup of the node's own processes in each hierarchy."""
    return [root / instance.cgroup / "node" for root in hierarchies()]


def create(instance: Instance) -> None:
    for leaf in leaves(instance):
        leaf.mkdir(parents=True, exist_ok=True)
        for group in (leaf.parent, leaf):
            _inherit_cpuset(group)


def members(instance: Instance) -> set[int]:
    """Every process of the node: its own, the shims and all containers."""
    return {pid for root in hierarchies() for group in _tree(root / instance.cgroup) for pid in _pids(group)}


def node_members(instance: Instance) -> set[int]:
    """The node's own processes and the shims, without the processes in pods."""
    return {pid for leaf in leaves(instance) for pid in _pids(leaf)}


def kill(instance: Instance) -> None:
    """Kill every process of the node. The function repeats, because a process may fork between the listing and the signal."""
    deadline = time.monotonic() + KILL_TIMEOUT
    while pids := members(instance):
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        if time.monotonic() > deadline:
            raise BenchError(
                f"processes {sorted(pids)} of the node do not end; see `ps -o pid,stat,wchan,args`, then run the same command again"
            )
        time.sleep(0.1)


def remove(instance: Instance) -> None:
    """Remove the node's cgroups; they must be empty."""
    deadline = time.monotonic() + KILL_TIMEOUT
    for root in hierarchies():
        for group in _tree(root / instance.cgroup):
            while group.exists():
                try:
                    group.rmdir()
                except OSError as error:
                    # The kernel takes a moment to release a cgroup whose last process has just ended.
                    if time.monotonic() > deadline:
                        raise BenchError(f"{group} cannot be removed: {error.strerror}; run the same command again") from error
                    time.sleep(0.1)


def _tree(top: Path) -> list[Path]:
    """`top` and everything below it, the deepest first."""
    return [Path(folder) for folder, _, _ in os.walk(top, topdown=False)]


def _pids(group: Path) -> list[int]:
    try:
        return [int(line) for line in (group / "cgroup.procs").read_text().split()]
    except OSError:
        return []  # removed between the listing and the read


def _inherit_cpuset(group: Path) -> None:
    """Copy the parent's CPUs and memory nodes: a new version 1 cpuset has none and accepts no process."""
    for name in ("cpuset.cpus", "cpuset.mems"):
        path = group / name
        parent = group.parent / name
        if path.exists() and parent.exists() and not path.read_text().strip():
            path.write_text(parent.read_text())
