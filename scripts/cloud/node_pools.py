"""Sizes of running node pools before an `up`: Pulumi would send the size that its state remembers, whatever the autoscaler did since.

The program ignores a changed size, and the engine then takes the state's; the provider sends it along whenever a limit changes. So the
state is read anew first. AWS also refuses a limit that the running size is not within (terraform-aws-eks#748), so that size goes first.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scripts.cloud.aws import Aws, AwsError
from scripts.commands import show
from scripts.errors import DriverError
from stacks.config import StackConfig
from stacks.config.cluster import EksClusterConfig, NodeRange

NODE_GROUPS = "**aws:eks/nodeGroup:NodeGroup::*"
"""Every node group of a state, as `--target` of `pulumi refresh`."""

WAIT_SECONDS = 300
POLL_SECONDS = 5.0


@dataclass(frozen=True)
class Pool:
    """A running node group, and the limits that the stack file gives it."""

    group: str
    size: int
    limits: NodeRange

    @property
    def wanted(self) -> int:
        """Size within the limits, the nearest to the running one."""
        return max(self.limits.min, min(self.limits.max, self.size))


def prepare(stack: str, config: StackConfig, environment: Mapping[str, str]) -> None:
    """Bring each pool's size within its limits, then write all sizes into the state. Does nothing before there are node groups.

    Raises DriverError if AWS or Pulumi refuses.
    """
    cluster = config.cluster
    if not isinstance(cluster, EksClusterConfig):
        return
    aws = Aws(cluster.region)
    try:
        pools = list(_running(aws, cluster, config))
        for pool in pools:
            if pool.size != pool.wanted:
                _resize(aws, cluster.name, pool)
    except AwsError as error:
        raise DriverError(f"the sizes of the node pools cannot be read or set: {error}") from None
    if pools:
        show(["pulumi", "refresh", "--yes", "--skip-preview", "--non-interactive", "--stack", stack, "--target", NODE_GROUPS], environment)


def _running(aws: Aws, cluster: EksClusterConfig, config: StackConfig) -> Iterator[Pool]:
    """Pulumi names a group by its pool and a suffix of its own."""
    limits: dict[str, NodeRange] = {"system": cluster.system_nodes, "gpu": config.gpu.nodes}
    try:
        groups = aws("eks", "list-nodegroups", "--cluster-name", cluster.name)["nodegroups"]
    except AwsError as error:
        if "ResourceNotFoundException" in str(error):
            return
        raise
    for group in groups:
        if found := limits.get(group.partition("-")[0]):
            yield Pool(group, _described(aws, cluster.name, group)["scalingConfig"]["desiredSize"], found)


def _resize(aws: Aws, cluster: str, pool: Pool) -> None:
    print(
        f"{pool.group}: {pool.size} nodes, and its limits are {pool.limits.min} to {pool.limits.max}: {pool.wanted} from now on", flush=True
    )
    scaling = json.dumps({"minSize": pool.limits.min, "maxSize": pool.limits.max, "desiredSize": pool.wanted})
    aws("eks", "update-nodegroup-config", "--cluster-name", cluster, "--nodegroup-name", pool.group, "--scaling-config", scaling)
    end = time.monotonic() + WAIT_SECONDS
    while _described(aws, cluster, pool.group)["status"] != "ACTIVE":
        if time.monotonic() > end:
            raise DriverError(f"{pool.group} is still being updated after {WAIT_SECONDS} s; the same make target continues")
        time.sleep(POLL_SECONDS)


def _described(aws: Aws, cluster: str, group: str) -> dict[str, Any]:
    found: dict[str, Any] = aws("eks", "describe-nodegroup", "--cluster-name", cluster, "--nodegroup-name", group)["nodegroup"]
    return found
