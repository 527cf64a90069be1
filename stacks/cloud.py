"""The cluster that everything else runs in: an existing one, or one of our own on AWS."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from components.aws.cluster import EksCluster
from components.aws.release import EksRelease
from stacks.config import StackConfig
from stacks.config.cluster import ExistingClusterConfig


@dataclass(frozen=True)
class EksFacts:
    """What only a cluster of ours has, for the parts that talk to AWS. `name` is known beforehand; `control_plane.name` once it exists."""

    name: str
    region: str
    release: EksRelease
    vpc_id: pulumi.Input[str]
    control_plane: EksCluster


@dataclass(frozen=True)
class Cluster:
    """What the in-cluster layer builds on. Whatever is made with `options` waits for nodes to run on, and is destroyed before them.

    `storage_class`: None: the cluster's own default.
    """

    options: pulumi.ResourceOptions
    storage_class: str | None = None
    eks: EksFacts | None = None

    @property
    def outputs(self) -> dict[str, pulumi.Input[str]]:
        """What people and runbooks ask for; nothing of a cluster that is not ours."""
        return {"name": self.eks.name, "region": self.eks.region, "vpcId": self.eks.vpc_id} if self.eks else {}


def build(config: StackConfig) -> Cluster:
    if isinstance(config.cluster, ExistingClusterConfig):
        return Cluster(options=pulumi.ResourceOptions(providers=[_existing(config.cluster)]))
    # Not above: it is built of this module's types.
    from stacks import eks

    return eks.build(config.cluster, config.gpu, protect=config.safeguards.protect)


def _existing(config: ExistingClusterConfig) -> k8s.Provider:
    """The one provider of the stack; the default one, which takes any ambient kubeconfig, is disabled in the stack file."""
    return k8s.Provider(
        "cluster",
        kubeconfig=config.kubeconfig,
        context=config.context,
        # Without it an edited kubeconfig counts as another cluster, and everything in it would be replaced.
        cluster_identifier=config.identifier,
        # A Secret or ConfigMap with a fixed name is otherwise deleted and made anew when a key in it changes.
        enable_secret_mutable=True,
        enable_config_map_mutable=True,
    )
