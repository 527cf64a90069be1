"""A pool of nodes, whatever makes them: reads a node group of EKS and a NodePool of Karpenter alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from components.aws.instance_types import GPU_INSTANCES
from policies.rules.resource import Resource, value_at

NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
NODE_POOL = "kubernetes:karpenter.sh/v1:NodePool"
NODE_CLASS = "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"

NODE = "spec.template.spec"
"""Path of a NodePool's description of its nodes."""


def instance_types(pool: Resource) -> list[str]:
    """Types that a node may have; empty: whatever AWS or Karpenter chooses."""
    listed = pool.get("instanceTypes", []) if pool.type == NODE_GROUP else _required(pool, "node.kubernetes.io/instance-type")
    return [str(name) for name in listed]


def sizes(pool: Resource) -> tuple[int, int | None]:
    """Fewest and most nodes; None: without a limit."""
    if pool.type == NODE_GROUP:
        return int(pool.get("scalingConfig.minSize", 0)), int(pool.get("scalingConfig.maxSize", 0))
    most = pool.get("spec.limits.nodes")
    return 0, None if most is None else int(most)


def taints(pool: Resource) -> Iterator[tuple[str, bool]]:
    """Key of each taint, and whether it keeps all pods without its toleration away."""
    for taint in pool.get("taints" if pool.type == NODE_GROUP else f"{NODE}.taints", []):
        yield value_at(taint, "key"), value_at(taint, "effect") in {"NO_SCHEDULE", "NoSchedule"}


def on_spot(pool: Resource) -> bool:
    """True if all of its nodes may be spot instances at some time."""
    if pool.type == NODE_GROUP:
        return bool(pool.get("capacityType", "ON_DEMAND") == "SPOT")
    return "spot" in _required(pool, "karpenter.sh/capacity-type")


def is_gpu(pool: Resource) -> bool:
    """True if the image or an instance type is for GPUs. Every NodePool of this program is."""
    return pool.type == NODE_POOL or "NVIDIA" in pool.get("amiType", "") or any(name in GPU_INSTANCES for name in instance_types(pool))


def machine(resource: Resource) -> Mapping[str, Any]:
    """Description of the machines: a launch template's own properties, or the specification of an EC2NodeClass."""
    spec: Mapping[str, Any] = resource.get("spec", {}) if resource.type == NODE_CLASS else resource.props
    return spec


def disk_gib(resource: Resource) -> float:
    """GiB of all disks of a node."""
    sizes_given = [value_at(disk, "ebs.volumeSize", 0) for disk in value_at(machine(resource), "blockDeviceMappings", [])]
    return sum(float(str(size).removesuffix("Gi")) for size in sizes_given)


def _required(pool: Resource, label: str) -> list[str]:
    for requirement in pool.get(f"{NODE}.requirements", []):
        if value_at(requirement, "key") == label and value_at(requirement, "operator") == "In":
            return [*value_at(requirement, "values", [])]
    return []
