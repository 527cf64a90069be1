"""Folders of the bench and the addresses of one node (an *instance*).

There are two places: a cache that all checkouts share and that can be deleted at any time, and one state folder per
instance with a cluster's data. Instances run side by side, each in its own network namespace.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "inference-platform"
STATE_ROOT = Path(os.environ.get("BENCH_STATE") or "/var/lib/inference-platform")

INSTANCES = ("default", "test", "contract", "lifecycle")
"""`default` is for users; the others belong to the tests, one per suite, so that tests never touch a user's platform."""


@dataclass(frozen=True)
class Instance:
    """One node: its folder, network namespace and addresses. `index` keeps the addresses of instances apart."""

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
        """Parent cgroup of every process that the node starts, in every cgroup hierarchy."""
        return f"bench-{self.name}"

    @property
    def kubeconfig(self) -> Path:
        return self.state / "kubeconfig"
