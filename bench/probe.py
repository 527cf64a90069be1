"""Collects facts about this machine for `bench/doctor.py`, without judging them and without leaving anything behind."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import go_program, tools
from bench.errors import BenchError
from bench.node import cgroups, network
from bench.paths import CACHE, STATE_ROOT, Instance

BRIDGE_FILTER = "/proc/sys/net/bridge/bridge-nf-call-iptables"

CAPABILITIES = {"CAP_NET_ADMIN": 12, "CAP_SYS_ADMIN": 21}
"""Name → bit (linux/capability.h)."""

# Each trial runs in its own namespaces, which the kernel removes with everything in them. Only a trial gives a reliable answer: a module
# may be loaded on first use, and a container may be refused what its kernel supports.
TRIALS = {
    "bridge": "ip link add trial type bridge",
    "veth": "ip link add trial type veth peer name liart",
    "iptables": "iptables -w -t nat -A POSTROUTING -m comment --comment trial -j MASQUERADE && iptables -w -t filter -S",
    # Without it, an answer between two pods of the node does not pass the rules for Services, so neither DNS nor a Service works.
    "br_netfilter": f"test -e {BRIDGE_FILTER} || modprobe br_netfilter; test -e {BRIDGE_FILTER}",
    "overlayfs": "mkdir lower upper work merged && mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work overlay merged",
}


@dataclass(frozen=True)
class Facts:
    """Facts about this machine."""

    root: bool
    capabilities: frozenset[str]
    """The capabilities of `CAPABILITIES` that this process has."""
    trials: dict[str, str]
    """Name of a trial → its error; empty if it succeeded."""
    controllers: frozenset[str]
    """cgroup controllers of either version that are mounted and writable."""
    disk_free: int
    """Free bytes for the cache or the state, whichever has less."""
    memory: int
    """Total bytes."""
    packages: frozenset[str] | None
    """Names of installed Debian packages; None if this machine has no dpkg."""
    go: str
    """Output of the user's `go version`; empty without Go."""
    architecture: str
    """Name of the processor's architecture, as in `uname -m`."""
    python: tuple[int, int]
    built: bool
    """True if all tools are in the cache, so that no space is needed to build them."""
    overlaps: list[str]
    """Routes of this machine that overlap the node's addresses."""


def look(instance: Instance) -> Facts:
    """Collect the facts. It takes about half a second, mostly for the trials."""
    root = os.geteuid() == 0
    return Facts(
        root=root,
        capabilities=_capabilities(),
        trials={name: _try(script) for name, script in TRIALS.items()} if root else {},
        controllers=_controllers(),
        disk_free=min(shutil.disk_usage(_existing(path)).free for path in (CACHE, STATE_ROOT)),
        memory=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        packages=_packages(),
        go=go_program.users_version(),
        architecture=platform.machine(),
        python=(sys.version_info.major, sys.version_info.minor),
        built=_built(),
        overlaps=network.overlaps(instance, json.loads(_output(["ip", "-json", "route", "show"]) or "[]")),
    )


def _built() -> bool:
    try:
        version = go_program.toolchain()
    except BenchError:
        return False
    return all(tool.output(version).is_dir() for tool in tools.TOOLS.values())


def _capabilities() -> frozenset[str]:
    match = re.search(r"^CapEff:\s*([0-9a-f]+)$", Path("/proc/self/status").read_text(), re.MULTILINE)
    effective = int(match[1], 16) if match else 0
    return frozenset(name for name, bit in CAPABILITIES.items() if effective >> bit & 1)


def _try(script: str) -> str:
    """Run a trial in a new folder on the state's file system, because overlayfs depends on the file system below it."""
    with tempfile.TemporaryDirectory(prefix=".trial-", dir=_existing(STATE_ROOT)) as folder:
        command = ["unshare", "--net", "--mount", "--propagation", "private", "sh", "-ec", script]
        try:
            answer = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        except OSError as error:
            return str(error)
    return (answer.stderr.strip() or f"exit code {answer.returncode}").splitlines()[-1] if answer.returncode else ""


def _controllers() -> frozenset[str]:
    found: set[str] = set()
    for root in cgroups.hierarchies():
        if not os.access(root, os.W_OK):
            continue
        unified = root / "cgroup.controllers"
        # A version 1 hierarchy is mounted at a folder named after its controllers, such as cpu,cpuacct.
        found.update(unified.read_text().split() if unified.exists() else root.name.split(","))
    return frozenset(found)


def _packages() -> frozenset[str] | None:
    listing = _output(["dpkg-query", "--show", "--showformat", "${db:Status-Status} ${Package}\n"])
    if listing is None:
        return None
    return frozenset(line.removeprefix("installed ") for line in listing.splitlines() if line.startswith("installed "))


def _output(command: Sequence[str]) -> str | None:
    """Output of a command; None if the command does not exist or fails."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None


def _existing(path: Path) -> Path:
    """The folder itself or its nearest existing parent."""
    return next(folder for folder in (path, *path.parents) if folder.is_dir())
