"""The AWS layer, in order: network → control plane → networking add-ons → node pools → add-ons on nodes → the cluster's provider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_kubernetes as k8s
from pulumi_aws.provider import Provider

from components.aws.addons import AddonArgs, Addons, AddonsArgs, networking, services
from components.aws.cluster import EksCluster, EksClusterArgs
from components.aws.gpu_node_pool import GpuNodePool, GpuNodePoolArgs
from components.aws.network import ExistingNetwork, Network, NetworkArgs
from components.aws.node_pool import Membership, NodePool, NodePoolArgs
from components.aws.release import RELEASES
from components.aws.storage_class import StorageClass, StorageClassArgs
from components.gpu import GpuSharing
from stacks.cloud import Cluster, EksFacts
from stacks.config.cluster import EksClusterConfig, GpuConfig
from stacks.config.network import ExistingNetworkConfig


def build(config: EksClusterConfig, gpu: GpuConfig, protect: bool) -> Cluster:
    release = RELEASES[config.version]
    tags = {"environment": pulumi.get_stack(), "owner": config.owner, "cost-center": config.cost_center, "managed-by": "pulumi"}
    provider = _provider(config, tags)
    aws = pulumi.ResourceOptions(providers=[provider])
    network = _network(config, aws)
    owned = [network] if isinstance(network, Network) else []
    cluster = _control_plane(config, network, protect, aws, after=owned)
    networked = Addons("networking-addons", _addons(config, networking(release)), aws, after=[cluster])
    membership = Membership(
        cluster=config.name, region=config.region, kubernetes=config.version, subnet_ids=[*network.private_subnet_ids], tags=tags
    )
    joined = [*owned, cluster, networked]
    system = _system_pool(config, membership, aws, after=joined)
    gpu_pool = [_gpu_pool(gpu, membership, aws, after=joined)] if gpu.mode == "managed" else []
    running = Addons("addons", _addons(config, services(release)), aws, after=[cluster, system])
    # This edge orders the two layers in both directions: nothing starts in the cluster before nodes, DNS and volumes exist, and a destroy
    # keeps them and the access to the API server until everything of the platform is gone.
    kubernetes = _cluster_provider(cluster, after=[*joined, system, running, *gpu_pool])
    options = pulumi.ResourceOptions(providers=[provider, kubernetes])
    storage = StorageClass("storage-class", StorageClassArgs(), options)
    facts = EksFacts(
        name=config.name,
        region=config.region,
        release=release,
        vpc_id=network.vpc_id,
        control_plane=cluster,
        log_retention_days=config.log_retention_days,
        membership=membership,
    )
    return Cluster(options=options, storage_class=storage.name, eks=facts, parts=[storage])


def _addons(config: EksClusterConfig, addons: list[AddonArgs]) -> AddonsArgs:
    return AddonsArgs(cluster=config.name, region=config.region, addons=addons)


def _provider(config: EksClusterConfig, tags: Mapping[str, str]) -> Provider:
    return Provider(
        "aws",
        region=config.region,
        # Credentials of another account are refused before anything is created in it.
        allowed_account_ids=[config.account] if config.account else None,
        default_tags={"tags": tags},
    )


def _network(config: EksClusterConfig, aws: pulumi.ResourceOptions) -> Network | ExistingNetwork:
    network = config.network
    if isinstance(network, ExistingNetworkConfig):
        return ExistingNetwork(vpc_id=network.vpc_id, private_subnet_ids=network.private_subnet_ids)
    return Network(
        "network",
        NetworkArgs(
            name=config.name,
            region=config.region,
            cidr=network.cidr,
            zones=config.zones,
            nat=network.nat,
            endpoints=network.endpoints,
            flow_log_retention_days=network.flow_log_retention_days,
        ),
        aws,
    )


def _control_plane(
    config: EksClusterConfig,
    network: Network | ExistingNetwork,
    protect: bool,
    aws: pulumi.ResourceOptions,
    after: Sequence[pulumi.Resource],
) -> EksCluster:
    return EksCluster(
        "cluster",
        EksClusterArgs(
            name=config.name,
            region=config.region,
            kubernetes=config.version,
            subnet_ids=[*network.private_subnet_ids],
            public_access_cidrs=config.endpoint.public_cidrs,
            admins=config.admins,
            log_retention_days=config.log_retention_days,
            protect=protect,
            zonal_shift=config.zonal_shift,
        ),
        aws,
        after,
    )


def _system_pool(
    config: EksClusterConfig, membership: Membership, aws: pulumi.ResourceOptions, after: Sequence[pulumi.Resource]
) -> NodePool:
    nodes = config.system_nodes
    return NodePool(
        "system",
        NodePoolArgs(
            membership=membership,
            instance_types=nodes.instance_types,
            min=nodes.min,
            max=nodes.max,
            disk_gib=nodes.disk_gib,
            release=nodes.release_version,
        ),
        aws,
        after,
    )


def _gpu_pool(config: GpuConfig, membership: Membership, aws: pulumi.ResourceOptions, after: Sequence[pulumi.Resource]) -> GpuNodePool:
    return GpuNodePool(
        "gpu",
        GpuNodePoolArgs(
            membership=membership,
            instance_types=config.instance_types,
            capacity=config.capacity,
            min=config.nodes.min,
            max=config.nodes.max,
            disk_gib=config.disk_gib,
            release=config.release_version,
            sharing=GpuSharing(**config.sharing.model_dump()),
        ),
        aws,
        after,
    )


def _cluster_provider(cluster: EksCluster, after: Sequence[pulumi.Resource]) -> k8s.Provider:
    return k8s.Provider(
        "cluster",
        kubeconfig=cluster.kubeconfig,
        # With it, a changed kubeconfig still means the same cluster, and nothing in it is replaced (pulumi-kubernetes#4019).
        cluster_identifier=cluster.arn,
        # Without it, a changed key would delete and recreate a Secret or ConfigMap with a fixed name.
        enable_secret_mutable=True,
        enable_config_map_mutable=True,
        opts=pulumi.ResourceOptions(depends_on=after),
    )
