"""The pool of GPU nodes that Karpenter starts for pending pods: what a node is made of, and how many there may be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import pulumi
import pulumi_kubernetes as k8s
from pydantic import Field

from components.aws.instance_types import gpus
from components.aws.karpenter import Karpenter
from components.aws.node_pool import ROOT_DEVICE, Membership
from components.aws.offers import MIN_GPU_DISK_GIB, KarpenterCapacity
from components.base import Args, Component, labels
from components.scheduling import GPU_LABELS, GPU_RESOURCE, GPU_TAINT

POOL_API = "karpenter.sh/v1"
CLASS_GROUP, CLASS_KIND = "karpenter.k8s.aws", "EC2NodeClass"

EMPTY_MINUTES = 10
"""An empty node waits so long for the next pod: a new one takes minutes to start and to pull a model server's image."""

DRAIN_HOURS = 1
"""Time for a node's pods to end, whatever their disruption budgets say; without it an expired node could stay for ever."""

DELETE_SECONDS = 1800
"""A deleted pool waits for its instances to end; large GPU machines take a quarter of an hour."""

Reservation = Annotated[str, Field(pattern=r"^cr-[0-9a-z]+$")]


class KarpenterNodePoolArgs(Args):
    """`capacity`: kinds that a node may have; Karpenter takes a reservation first, then the cheapest. `max`: most nodes, the limit of the
    cost. `image`: version of the machine image, such as v20260911. `expire_after_days`: age at which a node is replaced.
    """

    membership: Membership
    security_group_id: str | pulumi.Output[str]
    instance_types: list[str] = Field(min_length=1)
    capacity: list[KarpenterCapacity] = Field(min_length=1)
    reservations: list[Reservation] = Field(default_factory=list)
    max: int = Field(ge=1)
    disk_gib: int = Field(200, ge=MIN_GPU_DISK_GIB)
    image: Annotated[str, Field(pattern=r"^v[0-9]{8}$")]
    expire_after_days: int = Field(30, ge=1)


class KarpenterNodePool(Component):
    """Owns the EC2NodeClass and the NodePool. Does not wait for nodes: they come with the first pod that needs one.

    Deleted only when its nodes are drained and their instances ended.
    """

    def __init__(
        self,
        name: str,
        args: KarpenterNodePoolArgs,
        karpenter: Karpenter,
        opts: pulumi.ResourceOptions | None = None,
        after: Sequence[pulumi.Resource | None] = (),
    ) -> None:
        super().__init__(name, opts, [karpenter, *after])
        metadata = {"name": name, "labels": labels(name, "karpenter")}
        node_class = k8s.apiextensions.CustomResource(
            f"{name}-class",
            api_version=f"{CLASS_GROUP}/v1",
            kind=CLASS_KIND,
            metadata=metadata,
            spec=node_class_spec(args, karpenter.node_role),
            opts=self.child(),
        )
        k8s.apiextensions.CustomResource(
            name,
            api_version=POOL_API,
            kind="NodePool",
            metadata=metadata,
            spec=node_pool_spec(name, args),
            # The provider deletes in the foreground, so the pool goes after its NodeClaims, and those after their instances.
            opts=self.child([node_class], delete_timeout_seconds=DELETE_SECONDS),
        )
        self.register_outputs({})


def node_class_spec(args: KarpenterNodePoolArgs, node_role: str) -> dict[str, Any]:
    """Specification of the machines.

    The image's NVIDIA variant follows from the instance type (pkg/providers/amifamily/al2023.go@v1.14.1).
    """
    place = args.membership
    reservations = {"capacityReservationSelectorTerms": [{"id": each} for each in args.reservations]} if args.reservations else {}
    return {
        # With a fixed image, new nodes equal the old ones. `@latest` would replace every GPU node on the day of each release.
        "amiSelectorTerms": [{"alias": f"al2023@{args.image}"}],
        "role": node_role,
        "subnetSelectorTerms": [{"id": subnet} for subnet in place.subnet_ids],
        "securityGroupSelectorTerms": [{"id": args.security_group_id}],
        **reservations,
        # Like the node groups' launch templates: one hop reaches only the machine itself, and disks are encrypted.
        "metadataOptions": {"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1},
        "blockDeviceMappings": [
            {
                "deviceName": ROOT_DEVICE,
                "ebs": {"volumeType": "gp3", "volumeSize": f"{args.disk_gib}Gi", "encrypted": True, "deleteOnTermination": True},
            }
        ],
        # Images and models lie on the local NVMe disks of a type that has some, which are faster than EBS and encrypted by hardware.
        "instanceStorePolicy": "RAID0",
        "tags": place.tags,
    }


def node_pool_spec(name: str, args: KarpenterNodePoolArgs) -> dict[str, Any]:
    """Specification of the nodes that pods get. The class of the same name must exist."""
    return {
        "template": {
            "metadata": {"labels": GPU_LABELS},
            "spec": {
                "nodeClassRef": {"group": CLASS_GROUP, "kind": CLASS_KIND, "name": name},
                "requirements": [
                    {"key": "node.kubernetes.io/instance-type", "operator": "In", "values": args.instance_types},
                    {"key": "karpenter.sh/capacity-type", "operator": "In", "values": [*args.capacity]},
                ],
                "taints": [{"key": GPU_TAINT.key, "value": GPU_TAINT.value, "effect": GPU_TAINT.effect}],
                "expireAfter": f"{args.expire_after_days * 24}h",
                "terminationGracePeriod": f"{DRAIN_HOURS}h",
            },
        },
        "limits": {"nodes": args.max, GPU_RESOURCE: args.max * gpus(args.instance_types)},
        "disruption": {
            # Never for a cheaper node: a moved pod loads its model for minutes.
            "consolidationPolicy": "WhenEmpty",
            "consolidateAfter": f"{EMPTY_MINUTES}m",
            # A changed class replaces nodes one after the other: a GPU quota is seldom large enough for more. Empty ones go at once.
            "budgets": [{"nodes": "1", "reasons": ["Drifted"]}],
        },
    }
