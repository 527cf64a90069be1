"""The cluster that everything else runs in: an existing one, or one of our own on AWS."""

from __future__ import annotations

from dataclasses import dataclass, field

import pulumi
import pulumi_kubernetes as k8s

from stacks.config import StackConfig
from stacks.config.cluster import ExistingClusterConfig


@dataclass(frozen=True)
class Cluster:
    """What the in-cluster layer builds on. `nodes`: what must exist before a pod can run; empty where the cluster is there already."""

    options: pulumi.ResourceOptions
    nodes: list[pulumi.Resource] = field(default_factory=list)
    storage_class: str | None = None


def build(config: StackConfig) -> Cluster:
    if isinstance(config.cluster, ExistingClusterConfig):
        return Cluster(options=pulumi.ResourceOptions(providers=[_existing(config.cluster)]))
    raise NotImplementedError("cluster.kind: eks")


def _existing(config: ExistingClusterConfig) -> k8s.Provider:
    """The one provider of the stack; the default one, which takes any ambient kubeconfig, is disabled in the stack file."""
    return k8s.Provider(
        "cluster",
        kubeconfig=config.kubeconfig,
        context=config.context,
        # Without it an edited kubeconfig counts as another cluster, and everything in it would be replaced.
        cluster_identifier=config.identifier,
        # A Secret with a fixed name is otherwise deleted and made anew when a key in it changes.
        enable_secret_mutable=True,
    )
