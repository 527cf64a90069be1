"""The pool of GPU nodes, which may be empty, and the tags that cluster-autoscaler needs to start its first node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
from pulumi_aws import autoscaling
from pydantic import Field

from components.aws.instance_types import gpus
from components.aws.node_pool import Membership, NodePool, NodePoolArgs
from components.aws.offers import MIN_GPU_DISK_GIB, Capacity
from components.base import Args, Component
from components.gpu import GpuSharing
from components.scheduling import GPU_NODE_LABELS, GPU_RESOURCE, GPU_TAINT, Taint

NODE_TEMPLATE = "k8s.io/cluster-autoscaler/node-template"


class GpuNodePoolArgs(Args):
    """Like NodePoolArgs. Several instance types raise the chance of spot capacity; all must have the same number of GPUs."""

    membership: Membership
    instance_types: list[str] = Field(min_length=1)
    capacity: Capacity = "on-demand"
    min: int = Field(ge=0)
    max: int = Field(ge=1)
    disk_gib: int = Field(200, ge=MIN_GPU_DISK_GIB)
    release: str | None = None
    sharing: GpuSharing = GpuSharing()


class GpuNodePool(Component):
    """Owns the pool and the tags that describe its nodes while it has none. Ready when `min` nodes have joined.

    Does not wait for GPUs: a node offers them once the GPU Operator's device plugin runs on it.
    """

    def __init__(
        self,
        name: str,
        args: GpuNodePoolArgs,
        opts: pulumi.ResourceOptions | None = None,
        after: Sequence[pulumi.Resource | None] = (),
    ) -> None:
        super().__init__(name, opts, after)
        pool = NodePool(
            name,
            NodePoolArgs(
                membership=args.membership,
                ami="AL2023_x86_64_NVIDIA",
                instance_types=args.instance_types,
                capacity=args.capacity,
                min=args.min,
                max=args.max,
                disk_gib=args.disk_gib,
                release=args.release,
                # A GPU quota is seldom large enough for a second set of nodes.
                replacement="in-place",
                labels=GPU_NODE_LABELS,
                taints=[GPU_TAINT],
            ),
            pulumi.ResourceOptions(parent=self),
            after,
        )
        resources = {
            GPU_RESOURCE: str(args.sharing.advertised(gpus(args.instance_types))),
            "ephemeral-storage": f"{args.disk_gib}Gi",
        }
        # A managed node group does not copy its tags to its autoscaling group (eksctl#7543, containers-roadmap#724). EKS itself sets the
        # tags by which the autoscaler finds the group (docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html).
        for key, value in node_template(GPU_NODE_LABELS, [GPU_TAINT], resources).items():
            autoscaling.Tag(
                f"{name}-{key.removeprefix(NODE_TEMPLATE)[1:].replace('/', '-')}",
                autoscaling_group_name=pool.autoscaling_group,
                # Instances do not need the tags; the autoscaler reads the group's.
                tag={"key": key, "value": value, "propagate_at_launch": False},
                opts=self.child(),
            )
        self.register_outputs({"autoscaling_group": pool.autoscaling_group})


def node_template(labels: Mapping[str, str], taints: Sequence[Taint], resources: Mapping[str, str]) -> dict[str, str]:
    """Tags that describe a node before one exists (kubernetes/autoscaler:cluster-autoscaler/cloudprovider/aws/README.md@1.35.2)."""
    return {
        **{f"{NODE_TEMPLATE}/label/{key}": value for key, value in labels.items()},
        **{f"{NODE_TEMPLATE}/taint/{taint.key}": f"{taint.value}:{taint.effect}" for taint in taints},
        **{f"{NODE_TEMPLATE}/resources/{resource}": amount for resource, amount in resources.items()},
    }
