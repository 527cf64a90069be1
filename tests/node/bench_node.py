"""The bench's node as a person drives it, and what can be seen of it from the host."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench import tools
from bench.node import cgroups, process
from bench.node.lifecycle import PROCESSES
from bench.paths import CACHE, INSTANCES, Instance
from tests.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]
INSTANCE = Instance("test")


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "bench", *words, "--instance", INSTANCE.name]


def bench(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*words), cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600, check=False)


def up() -> None:
    done = bench("up")
    assert done.returncode == 0, done.stdout
    well = bench("status")
    assert well.returncode == 0, well.stdout


def kubectl(*words: str, stdin: str | None = None) -> str:
    argv = [str(tools.binary("kubectl")), f"--kubeconfig={INSTANCE.kubeconfig}", *words]
    return subprocess.run(argv, input=stdin, text=True, capture_output=True, timeout=120, check=True).stdout


def kubectl_json(*words: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(kubectl(*words, "-o", "json"))
    return answer


def pids() -> dict[str, int]:
    """Name → process id, of what runs as it was recorded."""
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
    """What there is now. The machine has other tenants: of processes only those outside the host's namespaces count."""
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    return {
        "processes": frozenset(_processes_of_nodes()),
        "mounts": frozenset(line.split()[4] for line in mounts if str(CACHE) not in line),
        "links": frozenset(line.split()[0] for line in _output("ip", "-brief", "link").splitlines()),
        "routes": frozenset(_output("ip", "route").splitlines()),
        "iptables": frozenset(line.partition("[")[0] for line in _output("iptables-save").splitlines() if not line.startswith("#")),
        "namespaces": frozenset(path.name for path in Path("/run/netns").glob("*")),
        "cgroups": frozenset(str(path) for root in cgroups.hierarchies() for path in root.glob("bench-*")),
        "kernel settings": frozenset(f"{name} = {Path('/proc/sys', name).read_text()}" for name in KERNEL_SETTINGS),
    }


def added(before: Traces) -> Traces:
    """What is there now and was not before."""
    return {kind: left for kind, now in traces().items() if (left := now - before[kind])}


def listeners_on_the_host() -> list[str]:
    """TCP and UDP sockets of the host's network namespace that a process of the node holds."""
    members = cgroups.members(INSTANCE)
    sockets = _output("ss", "--listening", "--numeric", "--processes", "--tcp", "--udp").splitlines()
    return [line for line in sockets if any(f"pid={pid}," in line for pid in members)]


def _processes_of_nodes() -> list[str]:
    """Processes in a network namespace that is not the host's, and those that mention the instance's state.

    A person's own node may run beside the tests', and its pods come and go.
    """
    own = Path("/proc/self/ns/net").readlink()
    others = {Instance(name).cgroup for name in INSTANCES if name != INSTANCE.name}
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_text()
            if any(f"/{other}/" in (folder / "cgroup").read_text() for other in others):
                continue
            if (folder / "ns/net").readlink() != own or str(INSTANCE.state) in words:
                found.append(f"{folder.name} {words!r}")
        except OSError:
            continue  # ended meanwhile, or a zombie
    return found


def _output(*argv: str) -> str:
    return subprocess.run(argv, text=True, capture_output=True, check=True).stdout
