"""Node pools: managed node groups of EKS whose machines protect their credentials and disks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pulumi
from pulumi_aws import ec2, eks
from pydantic import Field

from components.aws.offers import Capacity
from components.aws.policy import trust
from components.aws.role import Role, RoleArgs
from components.base import Args, Component
from components.scheduling import Effect, Taint

AmiType = Literal["AL2023_x86_64_STANDARD", "AL2023_x86_64_NVIDIA"]

ROOT_DEVICE = "/dev/xvda"
"""Root device of AL2023 (awslabs/amazon-eks-ami:templates/al2023/template.json)."""

POLICIES = [
    # The minimal policy is not enough: AL2023's nodeadm asks EC2 for the node's name (amazon-eks-ami:nodeadm/internal/api/status.go).
    "AmazonEKSWorkerNodePolicy",
    "AmazonEC2ContainerRegistryPullOnly",
    # Session Manager is the only access: there are no SSH keys and no open ports.
    "AmazonSSMManagedInstanceCore",
    # The CNI policy is not needed, because the vpc-cni add-on has its own role.
]
EFFECTS: dict[Effect, str] = {"NoSchedule": "NO_SCHEDULE", "PreferNoSchedule": "PREFER_NO_SCHEDULE", "NoExecute": "NO_EXECUTE"}


class Membership(Args):
    """The cluster that nodes join, by its name (known before it exists), with the Kubernetes minor version and the private subnets.

    `tags`: for instances, volumes and network interfaces, which the provider's default tags do not reach.
    """

    cluster: str
    region: str
    kubernetes: str
    subnet_ids: list[str | pulumi.Output[str]]
    tags: dict[str, str] = Field(default_factory=dict)


class NodePoolArgs(Args):
    """`min`, `max`: the autoscaler's limits; a new pool starts with `min`.

    `release`: version of the machine image, such as 1.35.7-20260911; None: the newest when the pool is created or updated. `replacement`:
    an update adds nodes first (`surge`) or drains some first (`in-place`), for machines that are hard to get.
    """

    membership: Membership
    ami: AmiType = "AL2023_x86_64_STANDARD"
    instance_types: list[str] = Field(min_length=1)
    capacity: Capacity = "on-demand"
    min: int = Field(ge=0)
    max: int = Field(ge=1)
    disk_gib: int = Field(ge=20)
    release: str | None = None
    replacement: Literal["surge", "in-place"] = "surge"
    labels: dict[str, str] = Field(default_factory=dict)
    taints: list[Taint] = Field(default_factory=list)


def node_role(cluster: str, region: str, pool: str) -> RoleArgs:
    """Return the role of a pool's machines, whatever starts them."""
    return RoleArgs(name=f"{cluster}-{region}-{pool}-nodes", trust=trust("ec2.amazonaws.com"), managed=POLICIES)


class NodePool(Component):
    """Owns a managed node group, its launch template and its role. Ready when `min` nodes have joined and are ready.

    For a change that EKS cannot make in place, it creates a second group, moves the pods to it and drains the first.
    """

    autoscaling_group: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        args: NodePoolArgs,
        opts: pulumi.ResourceOptions | None = None,
        after: Sequence[pulumi.Resource | None] = (),
    ) -> None:
        super().__init__(name, opts, after)
        place = args.membership
        role = Role(
            f"{name}-nodes",
            node_role(place.cluster, place.region, name),
            pulumi.ResourceOptions(parent=self),
        )
        template = self._template(name, args)
        group = eks.NodeGroup(
            name,
            cluster_name=place.cluster,
            # A fixed name would still belong to the group that is to be replaced.
            node_group_name_prefix=f"{name}-",
            node_role_arn=role.arn,
            subnet_ids=place.subnet_ids,
            version=place.kubernetes,
            ami_type=args.ami,
            release_version=args.release,
            capacity_type="SPOT" if args.capacity == "spot" else "ON_DEMAND",
            instance_types=args.instance_types,
            launch_template={"id": template.id, "version": template.latest_version.apply(str)},
            scaling_config={"min_size": args.min, "max_size": args.max, "desired_size": args.min},
            update_config={"max_unavailable": 1, "update_strategy": "DEFAULT" if args.replacement == "surge" else "MINIMAL"},
            node_repair_config={"enabled": True},
            labels=args.labels,
            taints=[{"key": taint.key, "value": taint.value, "effect": EFFECTS[taint.effect]} for taint in args.taints],
            # The autoscaler owns the size. AWS refuses a `min` above it, so scale up first, then raise `min`.
            opts=self.child([role], ignore_changes=["scalingConfig.desiredSize"]),
        )
        self.autoscaling_group = group.resources.apply(_group_name)
        self.register_outputs({"autoscaling_group": self.autoscaling_group})

    def _template(self, name: str, args: NodePoolArgs) -> ec2.LaunchTemplate:
        """Launch template without image or security group: EKS chooses both, the image by `ami` and `release`."""
        name_on_aws = f"{args.membership.cluster}-{name}"
        return ec2.LaunchTemplate(
            name,
            name=name_on_aws,
            update_default_version=True,
            # One hop reaches only the machine itself. A pod that asks for the node's credentials gets no answer; pods use Pod Identity.
            metadata_options={"http_endpoint": "enabled", "http_tokens": "required", "http_put_response_hop_limit": 1},
            block_device_mappings=[
                {
                    "device_name": ROOT_DEVICE,
                    # Encrypted with the account's default key; another key would need a grant to the autoscaling service before any node
                    # starts.
                    "ebs": {"volume_type": "gp3", "volume_size": args.disk_gib, "encrypted": "true", "delete_on_termination": "true"},
                }
            ],
            tag_specifications=[
                {"resource_type": kind, "tags": {**args.membership.tags, "Name": name_on_aws}}
                for kind in ("instance", "volume", "network-interface")
            ],
            opts=self.child(),
        )


def _group_name(made: Sequence[eks.outputs.NodeGroupResource]) -> str:
    """Name of the one autoscaling group that EKS makes for a node group."""
    ((group,),) = (resource.autoscaling_groups or [] for resource in made)
    return group.name or ""
