"""Karpenter: starts the cheapest EC2 instance on which a waiting pod fits, and ends it when it is empty.

Keys of the values: aws/karpenter-provider-aws:charts/karpenter/values.yaml@v1.14.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
from pulumi_aws import eks

from components import versions
from components.artifacts import Mirror
from components.aws import karpenter_rights as rights
from components.aws.cluster import EksCluster
from components.aws.controller_identity import ControllerIdentityArgs, controller_identity
from components.aws.interruption_queue import InterruptionQueue, InterruptionQueueArgs
from components.aws.node_pool import node_role
from components.aws.role import Role, RoleArgs
from components.base import Args, Component
from components.helm import PlacedValues, Values, placement, release
from components.model_access import Account
from components.scheduling import Quantities, Resources, Workload

NAMESPACE = "kube-system"
"""The API server answers requests of this namespace's controllers first (https://karpenter.sh/docs/getting-started)."""

NAME = "karpenter"
RESOURCES = Resources(requests=Quantities(cpu="250m", memory="1Gi"), limits=Quantities(memory="1Gi"))
"""The memory is that of the chart's own example; one pool needs no whole CPU."""


class ImageValues(Values):
    """`digest`: an empty one overrides the chart's, which belongs to upstream's image."""

    repository: str
    tag: str
    digest: str


class EnvValues(Values):
    name: str
    value: str


class ControllerValues(Values):
    image: ImageValues
    # Set explicitly, because pods cannot ask the node's metadata service.
    env: tuple[EnvValues, ...]
    resources: dict[str, dict[str, str]]


class ServiceAccountValues(Values):
    name: str = NAME


class SettingsValues(Values):
    cluster_name: str
    interruption_queue: str
    enable_zonal_shift: bool


class KarpenterValues(PlacedValues):
    service_account: ServiceAccountValues = ServiceAccountValues()
    replicas: int
    controller: ControllerValues
    settings: SettingsValues
    topology_spread_constraints: list[dict[str, Any]]


class KarpenterArgs(Args):
    """`zonal_shift`: it starts no nodes in a zone that AWS has shifted traffic out of."""

    cluster: str
    region: str
    zonal_shift: bool = False
    workload: Workload = Workload()
    mirror: Mirror


class Karpenter(Component):
    """Owns controller, CRDs, interruption queue, and the roles of controller and nodes. Ready when the controller runs.

    It must outlive its pools: only the controller drains a node, ends its instance, and then lets the pool's objects go.
    `control_plane`: that of its own cluster.
    """

    node_role: str

    def __init__(
        self,
        name: str,
        args: KarpenterArgs,
        control_plane: EksCluster,
        opts: pulumi.ResourceOptions | None = None,
        after: Sequence[pulumi.Resource | None] = (),
    ) -> None:
        super().__init__(name, opts, after)
        nodes = node_role(args.cluster, args.region, NAME)
        self.node_role = nodes.name
        queue = InterruptionQueue(
            f"{name}-interruptions",
            InterruptionQueueArgs(name=f"{args.cluster}-{NAME}", region=args.region),
            pulumi.ResourceOptions(parent=self),
        )
        joining = self._nodes(name, nodes, control_plane)
        identity = self._identity(name, args, control_plane, queue.name)
        definitions = release(versions.KARPENTER_CRD_CHART, NAMESPACE, None, args.mirror, args.workload.timeout_seconds, opts=self.child())
        release(
            versions.KARPENTER_CHART,
            NAMESPACE,
            _values(args, queue.name),
            args.mirror,
            args.workload.timeout_seconds,
            opts=self.child([definitions, identity, queue, joining]),
        )
        self.register_outputs({"node_role": self.node_role})

    def _nodes(self, name: str, args: RoleArgs, control_plane: EksCluster) -> eks.AccessEntry:
        """Role of the nodes, with the entry by which they may join; EKS makes such an entry only for its own node groups."""
        role = Role(f"{name}-nodes", args, pulumi.ResourceOptions(parent=self))
        return eks.AccessEntry(
            f"{name}-nodes", cluster_name=control_plane.name, principal_arn=role.arn, type="EC2_LINUX", opts=self.child([role])
        )

    def _identity(self, name: str, args: KarpenterArgs, control_plane: EksCluster, queue: str) -> eks.PodIdentityAssociation:
        documents = rights.documents(args.cluster, args.region, self.node_role, queue, args.zonal_shift)
        account = Account(namespace=NAMESPACE, name=NAME)
        arguments = ControllerIdentityArgs(cluster=args.cluster, region=args.region, account=account, rights=documents)
        return controller_identity(name, arguments, control_plane, self)


def _values(args: KarpenterArgs, queue: str) -> KarpenterValues:
    workload, image = args.workload, args.mirror.image(versions.KARPENTER)
    return KarpenterValues(
        replicas=workload.replicas,
        controller=ControllerValues(
            image=ImageValues(repository=image.repository, tag=image.required_tag, digest=image.digest or ""),
            env=(EnvValues(name="AWS_REGION", value=args.region),),
            resources=(workload.resources or RESOURCES).fields(),
        ),
        settings=SettingsValues(cluster_name=args.cluster, interruption_queue=queue, enable_zonal_shift=args.zonal_shift),
        topology_spread_constraints=workload.spread({"app.kubernetes.io/name": NAME, "app.kubernetes.io/instance": NAME}),
        **placement(workload),
    )
