"""Checks this machine for a node before anything is built or started, and gives the command that fixes each problem."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.errors import BenchError
from bench.go_program import VERSION, is_new_enough
from bench.paths import CACHE, STATE_ROOT, Instance
from bench.probe import CAPABILITIES, Facts, look

PACKAGES = Path(__file__).parent / "apt-packages.txt"

GIB = 1024**3
DISK_TO_BUILD = 30
"""GiB for a first build: full Go caches, the binaries, and the images with buildah's working copies."""
DISK_TO_RUN = 5
"""GiB for a node whose parts are all cached: unpacked images, logs and volumes."""
MEMORY = 7
"""GiB of memory, which an 8 GB machine has. The node with a small platform uses 3 GiB; linking Kubernetes uses 4 GiB."""

ARCHITECTURE = "x86_64"
PYTHON = (3, 11)

CONTROLLERS = frozenset({"cpu", "cpuset", "memory", "pids"})
"""Controllers that the kubelet requires in both cgroup versions."""

KERNEL_REMEDY = "use a physical or virtual machine; a container would have to be privileged"
TRIAL_REMEDIES = {
    "br_netfilter": "install the modules of this kernel (Debian: linux-image-$(uname -r)), then: modprobe br_netfilter",
    "overlayfs": f"put {STATE_ROOT} on ext4 or xfs with BENCH_STATE=/path, or {KERNEL_REMEDY}",
}


@dataclass(frozen=True)
class Finding:
    """Result of one check. `remedy` is empty if nothing needs fixing."""

    check: str
    state: str
    remedy: str = ""

    @property
    def missing(self) -> bool:
        return bool(self.remedy)


def examine(instance: Instance) -> list[Finding]:
    """Run every check, in the order in which a user would fix problems."""
    return judge(look(instance), instance)


def require(instance: Instance) -> None:
    """Raise BenchError with everything that this machine lacks."""
    missing = [finding for finding in examine(instance) if finding.missing]
    if missing:
        lines = [f"  {finding.check}: {finding.state}; to fix it: {finding.remedy}" for finding in missing]
        raise BenchError("\n".join(["this machine cannot run a node yet (python -m bench doctor shows every check)", *lines]))


def table(findings: list[Finding]) -> str:
    """Three columns: check, state and remedy; the remedy is empty if nothing needs fixing."""
    rows = [("check", "state", "to fix it"), *((f.check, f.state, f.remedy) for f in findings)]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return "\n".join(f"{check:<{widths[0]}}  {state:<{widths[1]}}  {remedy}".rstrip() for check, state, remedy in rows)


def judge(facts: Facts, instance: Instance) -> list[Finding]:
    """Derive the findings from facts alone."""
    return [
        _architecture(facts),
        _root(facts),
        *(_privileges(facts) if facts.root else ()),  # only root can test what root may do
        _packages(facts),
        _disk(facts),
        _at_least("memory", facts.memory / GIB, MEMORY, "use a machine with 8 GB of memory"),
        _go(facts),
        _python(facts),
        _addresses(facts, instance),
    ]


def wanted_packages() -> list[str]:
    """Debian package names of `apt-packages.txt`."""
    return [line for line in PACKAGES.read_text().split("\n") if line and not line.startswith("#")]


def _architecture(facts: Facts) -> Finding:
    if facts.architecture == ARCHITECTURE:
        return Finding("architecture", ARCHITECTURE)
    remedy = f"use an {ARCHITECTURE} machine: images are made from that architecture's packages; or your own cluster with KUBECONFIG"
    return Finding("architecture", facts.architecture, remedy)


def _root(facts: Facts) -> Finding:
    if facts.root:
        return Finding("root", "yes")
    return Finding("root", "no", "run the command as root: namespaces, mounts and cgroups need it")


def _privileges(facts: Facts) -> Iterator[Finding]:
    yield _capabilities(facts)
    yield from _kernel(facts)
    yield _controllers(facts)


def _capabilities(facts: Facts) -> Finding:
    if lost := sorted(CAPABILITIES.keys() - facts.capabilities):
        return Finding("capabilities", f"no {', '.join(lost)}", KERNEL_REMEDY)
    return Finding("capabilities", ", ".join(sorted(facts.capabilities)))


def _packages(facts: Facts) -> Finding:
    if facts.packages is None:
        return Finding("packages", "no dpkg", "use Debian 12 or newer, or Ubuntu 24.04 or newer; the images are made from its packages")
    wanted = wanted_packages()
    if lacking := [name for name in wanted if name not in facts.packages]:
        command = f"apt-get update && apt-get install -y --no-install-recommends {' '.join(lacking)}"
        return Finding("packages", f"{len(lacking)} of {len(wanted)} missing", command)
    return Finding("packages", f"all {len(wanted)}")


def _kernel(facts: Facts) -> Iterator[Finding]:
    """Findings about the kernel. Without iptables, the finding about packages replaces the iptables trial."""
    for name, error in facts.trials.items():
        if name == "iptables" and facts.packages is not None and name not in facts.packages:
            continue
        yield Finding(name, error, TRIAL_REMEDIES.get(name, KERNEL_REMEDY)) if error else Finding(name, "works")


def _controllers(facts: Facts) -> Finding:
    if lost := sorted(CONTROLLERS - facts.controllers):
        return Finding(
            "cgroups", f"no {', '.join(lost)}", f"boot with cgroup v2, or mount these controllers writable; otherwise {KERNEL_REMEDY}"
        )
    return Finding("cgroups", ", ".join(sorted(CONTROLLERS)))


def _disk(facts: Facts) -> Finding:
    needed = DISK_TO_RUN if facts.built else DISK_TO_BUILD
    remedy = f"free some space, or move {CACHE} and {STATE_ROOT} to a larger disk with XDG_CACHE_HOME and BENCH_STATE"
    return _at_least("free disk", facts.disk_free / GIB, needed, remedy)


def _at_least(check: str, found: float, needed: float, remedy: str) -> Finding:
    state = f"{found:.0f} GiB, {needed} needed"
    return Finding(check, state, remedy) if found < needed else Finding(check, state)


def _go(facts: Facts) -> Finding:
    if is_new_enough(facts.go):
        return Finding("go", facts.go.split()[2])
    found = facts.go.split()[2] if facts.go else "not on PATH"
    return Finding("go", f"{found}; the bench brings its own, {VERSION}")


def _python(facts: Facts) -> Finding:
    if facts.python < PYTHON:
        return Finding("python", _dotted(facts.python), f"install Python {_dotted(PYTHON)} or newer and run make with PYTHON=/path/to/it")
    return Finding("python", _dotted(facts.python))


def _dotted(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))


def _addresses(facts: Facts, instance: Instance) -> Finding:
    wanted = f"{instance.host_ip}/30, {instance.service_cidr}, {instance.pod_cidr}"
    if facts.overlaps:
        return Finding(
            "addresses",
            f"taken: {', '.join(facts.overlaps)}",
            f"choose another private range, such as BENCH_ADDRESSES=172.24.0.0/16; the node needs {wanted}",
        )
    return Finding("addresses", f"free: {wanted}")
