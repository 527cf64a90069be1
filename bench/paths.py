"""Where the bench keeps things, and the addresses of one node (an *instance*).

Two places: a cache that is shared by all checkouts and can be deleted at any time, and one state folder per
instance that holds a cluster's data. Instances live side by side, each in a network namespace of its own.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "inference-platform"
STATE_ROOT = Path(os.environ.get("BENCH_STATE") or "/var/lib/inference-platform")

INSTANCES = ("default", "test", "contract", "lifecycle")
"""`default` is the one people use; the others are the tests' own, one per suite, so that they never touch a person's platform."""


@dataclass(frozen=True)
class Instance:
    """One node: its folder, its network namespace and its addresses. `index` keeps instances apart."""

    name: str

    def __post_init__(self) -> None:
        if self.name not in INSTANCES:
            raise ValueError(f"instance {self.name!r} is unknown; choose one of: {', '.join(INSTANCES)}")

    @property
    def index(self) -> int:
        return INSTANCES.index(self.name)

    @property
    def state(self) -> Path:
        """Everything the node writes: cluster data, certificates, logs, process ids."""
        return STATE_ROOT / self.name

    @property
    def netns(self) -> str:
        return f"bench-{self.name}"

    @property
    def link(self) -> str:
        """The host's end of the veth pair into the namespace (at most 15 characters)."""
        return f"bench{self.index}"

    @property
    def host_ip(self) -> str:
        return f"10.231.{self.index}.1"

    @property
    def node_ip(self) -> str:
        return f"10.231.{self.index}.2"

    @property
    def pod_cidr(self) -> str:
        return f"10.{244 + self.index}.0.0/24"

    @property
    def service_cidr(self) -> str:
        return f"10.{96 + self.index}.0.0/16"

    @property
    def dns_ip(self) -> str:
        return f"10.{96 + self.index}.0.10"

    @property
    def cgroup(self) -> str:
        """Parent of every process the node starts, in every cgroup hierarchy."""
        return f"bench-{self.name}"

    @property
    def kubeconfig(self) -> Path:
        return self.state / "kubeconfig"
