"""IAM rights of Karpenter's controller: all instances, launch templates and profiles that it may make or end carry its cluster's tags.

Actions and conditions: aws/karpenter-provider-aws:website/content/en/v1.14/reference/cloudformation.md.
"""

from __future__ import annotations

from collections.abc import Sequence

from components.aws.interruption_queue import queue_arn
from components.aws.policy import Conditions, Statement, allow, document

MADE = ("fleet", "instance", "launch-template", "network-interface", "spot-instances-request", "volume")
"""Kinds that a start of an instance makes."""

BORROWED = ("capacity-reservation", "placement-group", "security-group", "subnet")
"""Kinds of this account that an instance uses."""


def documents(cluster: str, region: str, node_role: str, queue: str, zonal_shift: bool) -> dict[str, str]:
    """Documents by name. An inline policy of a role has at most 10,240 characters, all of them together."""
    looking = [*_looking(region, cluster), *(_zonal_shift(region, cluster) if zonal_shift else [])]
    return {
        "instances": document(*_starting(region, cluster), *_owning(region, cluster)),
        "profiles": document(*_profiles(region, cluster, node_role)),
        "looking": document(*looking, allow(_READ_QUEUE, [queue_arn(region, queue)])),
    }


_READ_QUEUE = ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"]


def _starting(region: str, cluster: str) -> list[Statement]:
    """Start instances from its own launch templates only, and tag all that comes of it as this cluster's."""
    start = ["ec2:CreateFleet", "ec2:RunInstances"]
    public = [f"arn:aws:ec2:{region}::{kind}/*" for kind in ("image", "snapshot")]
    made = _arns(region, *MADE)
    asked = {**_owned("aws:RequestTag", cluster), "aws:RequestTag/eks:eks-cluster-name": cluster}
    like = {"aws:RequestTag/karpenter.sh/nodepool": "*"}
    created: dict[str, str | Sequence[str]] = {**asked, "ec2:CreateAction": ["RunInstances", "CreateFleet", "CreateLaunchTemplate"]}
    return [
        allow(start, [*public, *_arns(region, *BORROWED)]),
        allow(start, _arns(region, "launch-template"), _of_a_pool(cluster)),
        allow([*start, "ec2:CreateLaunchTemplate"], made, {"StringEquals": asked, "StringLike": like}),
        allow(["ec2:CreateTags"], made, {"StringEquals": created, "StringLike": like}),
    ]


def _owning(region: str, cluster: str) -> list[Statement]:
    """Name and end the instances of its pools, and delete their launch templates."""
    names: Conditions = {
        "StringEqualsIfExists": {"aws:RequestTag/eks:eks-cluster-name": cluster},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["eks:eks-cluster-name", "karpenter.sh/nodeclaim", "Name"]},
    }
    return [
        allow(["ec2:CreateTags"], _arns(region, "instance"), {**_of_a_pool(cluster), **names}),
        allow(["ec2:DeleteLaunchTemplate", "ec2:TerminateInstances"], _arns(region, "instance", "launch-template"), _of_a_pool(cluster)),
    ]


def _profiles(region: str, cluster: str, node_role: str) -> list[Statement]:
    """Give EC2 the nodes' role, and no other, by instance profiles of its own."""
    profiles = ["arn:aws:iam::*:instance-profile/*"]
    asked = {
        **_owned("aws:RequestTag", cluster),
        "aws:RequestTag/eks:eks-cluster-name": cluster,
        "aws:RequestTag/topology.kubernetes.io/region": region,
    }
    there = {**_owned("aws:ResourceTag", cluster), "aws:ResourceTag/topology.kubernetes.io/region": region}
    of_class, of_classes = {"aws:RequestTag/karpenter.k8s.aws/ec2nodeclass": "*"}, {"aws:ResourceTag/karpenter.k8s.aws/ec2nodeclass": "*"}
    use = ["iam:AddRoleToInstanceProfile", "iam:DeleteInstanceProfile", "iam:RemoveRoleFromInstanceProfile"]
    return [
        allow(["iam:PassRole"], [f"arn:aws:iam::*:role/{node_role}"], {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}),
        allow(["iam:CreateInstanceProfile"], profiles, {"StringEquals": asked, "StringLike": of_class}),
        allow(["iam:TagInstanceProfile"], profiles, {"StringEquals": {**there, **asked}, "StringLike": {**of_classes, **of_class}}),
        allow(use, profiles, {"StringEquals": there, "StringLike": of_classes}),
        allow(["iam:GetInstanceProfile"], profiles),
        allow(["iam:ListInstanceProfiles"], ["*"]),
    ]


def _looking(region: str, cluster: str) -> list[Statement]:
    """IAM has no resource level for most of these; they change nothing."""
    what = [
        "CapacityReservations",
        "Images",
        "InstanceStatus",
        "InstanceTypeOfferings",
        "InstanceTypes",
        "Instances",
        "LaunchTemplates",
        "PlacementGroups",
        "SecurityGroups",
        "SpotPriceHistory",
        "Subnets",
    ]
    return [
        allow([f"ec2:Describe{each}" for each in what], ["*"], {"StringEquals": {"aws:RequestedRegion": region}}),
        allow(["ssm:GetParameter"], [f"arn:aws:ssm:{region}::parameter/aws/service/*"]),
        allow(["pricing:GetProducts"], ["*"]),
        allow(["eks:DescribeCluster"], [f"arn:aws:eks:{region}:*:cluster/{cluster}"]),
    ]


def _zonal_shift(region: str, cluster: str) -> list[Statement]:
    this = {"arc-zonal-shift:ResourceIdentifier": f"arn:aws:eks:{region}:*:cluster/{cluster}"}
    return [allow(["arc-zonal-shift:GetManagedResource"], ["*"], {"StringLike": this})]


def _arns(region: str, *kinds: str) -> list[str]:
    return [f"arn:aws:ec2:{region}:*:{kind}/*" for kind in kinds]


def _owned(key: str, cluster: str) -> dict[str, str]:
    """The tag that says whose a resource is; `key`: of the request, or of the resource that is there."""
    return {f"{key}/kubernetes.io/cluster/{cluster}": "owned"}


def _of_a_pool(cluster: str) -> dict[str, dict[str, str]]:
    return {"StringEquals": _owned("aws:ResourceTag", cluster), "StringLike": {"aws:ResourceTag/karpenter.sh/nodepool": "*"}}
