"""Folders of the bench and the addresses of one node (an *instance*).

There are two places: a cache that all checkouts share and that can be deleted at any time, and one state folder per
instance with a cluster's data. Instances run side by side, each in its own network namespace.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Network
from pathlib import Path

from bench.errors import BenchError

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "inference-platform"
STATE_ROOT = Path(os.environ.get("BENCH_STATE") or "/var/lib/inference-platform")

DEFAULT_ADDRESSES = "10.96.0.0/16"
ADDRESSES_PREFIX = 16
LINKS = 128 * 256
"""Offset of the links between this machine and its nodes in the range, four addresses each."""

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

    @cached_property
    def addresses(self) -> IPv4Network:
        """The range of all nodes. A node keeps the range that it was started with; BENCH_ADDRESSES chooses another one for a new node."""
        try:
            text = self.addresses_file.read_text()
        except (FileNotFoundError, PermissionError):  # the folder belongs to root
            text = os.environ.get("BENCH_ADDRESSES") or DEFAULT_ADDRESSES
        try:
            found = IPv4Network(text)
        except ValueError:
            found = None
        if found is None or found.prefixlen != ADDRESSES_PREFIX or not found.is_private:
            example = f"BENCH_ADDRESSES={DEFAULT_ADDRESSES}"
            raise BenchError(f"BENCH_ADDRESSES={text} is no private IPv4 range of size /{ADDRESSES_PREFIX}; write it as {example}")
        return found

    @property
    def addresses_file(self) -> Path:
        return self.state / "addresses"

    @property
    def service_cidr(self) -> str:
        """The first quarter of the range belongs to Services, 4,096 addresses to each node."""
        return str(list(self.addresses.subnets(new_prefix=20))[self.index])

    @property
    def pod_cidr(self) -> str:
        return str(list(self.addresses.subnets(new_prefix=24))[64 + self.index])

    @property
    def host_ip(self) -> str:
        return str(self.addresses[LINKS + 4 * self.index + 1])

    @property
    def node_ip(self) -> str:
        return str(self.addresses[LINKS + 4 * self.index + 2])

    @property
    def dns_ip(self) -> str:
        return str(IPv4Network(self.service_cidr)[10])

    @property
    def cgroup(self) -> str:
        """Parent cgroup of every process that the node starts, in every cgroup hierarchy."""
        return f"bench-{self.name}"

    @property
    def kubeconfig(self) -> Path:
        return self.state / "kubeconfig"
