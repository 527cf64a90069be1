"""cluster-autoscaler: keeps as many nodes as the pods need, between each pool's `min` and `max`.

Keys of the values: kubernetes/autoscaler:cluster-autoscaler/charts/cluster-autoscaler/values.yaml@cluster-autoscaler-chart-9.59.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi

from components import versions
from components.artifacts import Image, Mirror
from components.aws.cluster import EksCluster
from components.aws.controller_identity import ControllerIdentityArgs, controller_identity
from components.aws.policy import Statement, allow, document
from components.base import Args, Component
from components.helm import Values, release
from components.model_access import Account
from components.pods import NON_ROOT_UID, restricted
from components.scheduling import Workload

NAMESPACE = "kube-system"
"""The namespace for pods with the priority system-cluster-critical."""

NAME = "cluster-autoscaler"


class DiscoveryValues(Values):
    cluster_name: str


class ImageValues(Values):
    repository: str
    tag: str


class ServiceAccountValues(Values):
    name: str = NAME


class RbacValues(Values):
    service_account: ServiceAccountValues = ServiceAccountValues()


class ClusterAutoscalerValues(Values):
    fullname_override: str = NAME
    auto_discovery: DiscoveryValues
    # Set explicitly, because pods cannot ask the node's metadata service.
    aws_region: str
    image: ImageValues
    rbac: RbacValues = RbacValues()
    replica_count: int
    resources: dict[str, Any]
    node_selector: dict[str, str]
    tolerations: list[dict[str, str]]
    topology_spread_constraints: list[dict[str, Any]]
    # Security context of the pod.
    security_context: dict[str, Any]
    container_security_context: dict[str, Any]


class ClusterAutoscalerArgs(Args):
    """`image`: its minor version must be the cluster's."""

    cluster: str
    region: str
    image: Image
    workload: Workload = Workload()
    mirror: Mirror


class ClusterAutoscaler(Component):
    """Owns role, association and release. Ready when it runs. Needs the providers of both AWS and the cluster.

    It must be deleted before the pools, because it would restart the nodes that a destroy removes. `control_plane`: that of its own
    cluster.
    """

    def __init__(
        self,
        name: str,
        args: ClusterAutoscalerArgs,
        control_plane: EksCluster,
        opts: pulumi.ResourceOptions | None = None,
        after: Sequence[pulumi.Resource | None] = (),
    ) -> None:
        super().__init__(name, opts, after)
        rights = {"scale": document(*_rights(args.cluster, args.region))}
        account = Account(namespace=NAMESPACE, name=NAME)
        identity = controller_identity(
            name,
            ControllerIdentityArgs(cluster=args.cluster, region=args.region, account=account, rights=rights),
            control_plane,
            self,
        )
        release(
            versions.CLUSTER_AUTOSCALER_CHART,
            NAMESPACE,
            _values(args),
            args.mirror,
            timeout_seconds=args.workload.timeout_seconds,
            opts=self.child([identity]),
        )
        self.register_outputs({})


def _rights(cluster: str, region: str) -> list[Statement]:
    """IAM has no resource level for the read actions; the write actions are limited to groups that EKS tagged as this cluster's
    (aws/README.md@1.35.2).
    """
    looking = [
        "autoscaling:DescribeAutoScalingGroups",
        "autoscaling:DescribeAutoScalingInstances",
        "autoscaling:DescribeLaunchConfigurations",
        "autoscaling:DescribeScalingActivities",
        "autoscaling:DescribeTags",
        "ec2:DescribeImages",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeLaunchTemplateVersions",
        "ec2:GetInstanceTypesFromInstanceRequirements",
    ]
    acting = ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"]
    return [
        allow(looking, ["*"]),
        allow(["eks:DescribeNodegroup"], [f"arn:aws:eks:{region}:*:nodegroup/{cluster}/*"]),
        allow(acting, ["*"], {"StringEquals": {f"aws:ResourceTag/k8s.io/cluster-autoscaler/{cluster}": "owned"}}),
    ]


def _values(args: ClusterAutoscalerArgs) -> ClusterAutoscalerValues:
    workload = args.workload
    image = args.mirror.image(args.image)
    return ClusterAutoscalerValues(
        auto_discovery=DiscoveryValues(cluster_name=args.cluster),
        aws_region=args.region,
        image=ImageValues(repository=image.repository, tag=image.tag_and_digest),
        replica_count=workload.replicas,
        resources=workload.resources.fields() if workload.resources else {},
        node_selector=workload.node_selector,
        tolerations=[toleration.fields() for toleration in workload.tolerations],
        security_context={
            "runAsNonRoot": True,
            "runAsUser": NON_ROOT_UID,
            "runAsGroup": NON_ROOT_UID,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        container_security_context=restricted(),
        topology_spread_constraints=workload.spread({"app.kubernetes.io/name": f"aws-{NAME}", "app.kubernetes.io/instance": NAME}),
    )
