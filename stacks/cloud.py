"""The stack's cluster: an existing one, or a new EKS cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from components.aws.cluster import EksCluster
from components.aws.node_pool import Membership
from components.aws.release import EksRelease
from stacks.config import StackConfig
from stacks.config.cluster import ExistingClusterConfig


@dataclass(frozen=True)
class EksFacts:
    """Facts of the program's own EKS cluster, for parts that talk to AWS. `name` is known before it exists, `control_plane.name` after.

    `log_retention_days`: of the control plane, and of whatever else writes logs on AWS. `membership`: what every node of it has in common,
    the private subnets among it.
    """

    name: str
    region: str
    release: EksRelease
    vpc_id: str | pulumi.Output[str]
    control_plane: EksCluster
    log_retention_days: int
    membership: Membership


@dataclass(frozen=True)
class Cluster:
    """The cluster that the in-cluster layer uses. Resources with `options` wait for nodes, and are destroyed before them.

    `storage_class` is None for the cluster's default. `parts`: of the cluster's own, which no part of the platform waits for.
    """

    options: pulumi.ResourceOptions
    storage_class: str | None = None
    eks: EksFacts | None = None
    parts: Sequence[pulumi.Resource] = ()

    @property
    def outputs(self) -> dict[str, pulumi.Input[str]]:
        """Stack outputs for users and runbooks; none for an existing cluster."""
        return {"name": self.eks.name, "region": self.eks.region, "vpcId": self.eks.vpc_id} if self.eks else {}


def build(config: StackConfig) -> Cluster:
    if isinstance(config.cluster, ExistingClusterConfig):
        return Cluster(options=pulumi.ResourceOptions(providers=[_existing(config.cluster)]))
    # Imported late, because that module uses this module's types.
    from stacks import eks

    return eks.build(config.cluster, config.gpu, protect=config.safeguards.protect)


def _existing(config: ExistingClusterConfig) -> k8s.Provider:
    """The stack's only provider; the stack file disables the default provider, which takes any ambient kubeconfig."""
    return k8s.Provider(
        "cluster",
        kubeconfig=config.kubeconfig,
        context=config.context,
        # Without it, an edited kubeconfig counts as another cluster, and everything in it would be replaced.
        cluster_identifier=config.identifier,
        # Without it, a changed key would delete and recreate a Secret or ConfigMap with a fixed name.
        enable_secret_mutable=True,
        enable_config_map_mutable=True,
    )
