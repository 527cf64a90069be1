"""The bench's node as a person drives it, and what can be seen of it from the host."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

from bench.node import cgroups, namespaces, process
from bench.node.lifecycle import PROCESSES
from bench.paths import CACHE
from tests import nodes
from tests.waiting import wait_for

INSTANCE = nodes.LIFECYCLE

kubectl = nodes.Kubectl(INSTANCE)


def bench(*words: str) -> subprocess.CompletedProcess[str]:
    return nodes.bench(INSTANCE, *words)


def bench_in_background(*words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(nodes.command(INSTANCE, *words), cwd=nodes.ROOT, stderr=subprocess.DEVNULL)


def up() -> None:
    """A pod whose probe failed while a part of the node was away may turn unready only after that part is back."""
    done = bench("up")
    assert done.returncode == 0, done.stdout
    wait_for(lambda: bench("status").returncode == 0, 30, "the node to be well")


def pids() -> dict[str, int]:
    """Name → process id of each process that runs as it was recorded."""
    records = {name: process.read_record(process.record_path(INSTANCE, name)) for name in PROCESSES}
    return {name: record.pid for name, record in records.items() if record and record.is_running()}


def kill(name: str) -> int:
    """Kill one of the node's processes outright; its process id."""
    pid = pids()[name]
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: process.start_ticks(pid) is None, 60, f"{name} to be gone")
    return pid


KERNEL_SETTINGS = ("vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops", "net/ipv4/ip_forward")

Traces = dict[str, frozenset[str]]
"""Kind of thing → those of them that a node could leave on the host, or change there."""


def traces() -> Traces:
    """The traces of nodes that exist now, without those that name another node: one may come, run and go beside this one.

    The machine has other tenants: of processes only those outside the host's namespaces count.
    """
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    found = {
        "processes": frozenset(_processes_of_nodes()),
        "mounts": frozenset(line.split()[4] for line in mounts if str(CACHE) not in line),
        "links": frozenset(line.split()[0] for line in _output("ip", "-brief", "link").splitlines()),
        "routes": frozenset(_output("ip", "route").splitlines()),
        "iptables": frozenset(line.partition("[")[0] for line in _output("iptables-save").splitlines() if not line.startswith("#")),
        "namespaces": frozenset(path.name for path in Path("/run/netns").glob("*")),
        "cgroups": frozenset(str(path) for root in cgroups.hierarchies() for path in root.glob("bench-*")),
        "kernel settings": frozenset(f"{name} = {Path('/proc/sys', name).read_text()}" for name in KERNEL_SETTINGS),
    }
    names = [name for other in nodes.others_than(INSTANCE) for name in (other.netns, other.link, str(other.state))]
    return {kind: frozenset(thing for thing in things if not any(name in thing for name in names)) for kind, things in found.items()}


def added(before: Traces) -> Traces:
    """Traces that exist now and did not before."""
    return {kind: left for kind, now in traces().items() if (left := now - before[kind])}


def listeners_on_the_host() -> list[str]:
    """TCP and UDP sockets of the host's network namespace that a process of the node holds."""
    members = cgroups.members(INSTANCE)
    sockets = _output("ss", "--listening", "--numeric", "--processes", "--tcp", "--udp").splitlines()
    return [line for line in sockets if any(f"pid={pid}," in line for pid in members)]


def _processes_of_nodes() -> list[str]:
    """Processes in a network namespace that is not the host's, and those that mention the instance's state.

    Not those of other nodes, by cgroup, nor what their commands run in their namespaces for a moment.
    """
    others = nodes.others_than(INSTANCE)
    cgroups_of_others = [f"/{other.cgroup}/" for other in others]
    elsewhere = {_namespace(Path("/proc/self/ns/net")), *(_namespace(namespaces.NETNS / other.netns) for other in others)}
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_text()
            if any(cgroup in (folder / "cgroup").read_text() for cgroup in cgroups_of_others):
                continue
            if _namespace(folder / "ns/net") not in elsewhere or str(INSTANCE.state) in words:
                found.append(f"{folder.name} {words!r}")
        except OSError:
            continue  # ended meanwhile, or a zombie
    return found


def _namespace(path: Path) -> int | None:
    """The number of the namespace that this file stands for; None where there is no such file."""
    return path.stat().st_ino if path.exists() else None


def _output(*argv: str) -> str:
    return subprocess.run(argv, text=True, capture_output=True, check=True).stdout
