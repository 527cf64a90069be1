"""The in-cluster layer, in order: certificates → serving controller; model store beside them. The only place that knows the order."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from components.artifacts import Mirror
from components.platform.cert_manager import CertManager, CertManagerArgs
from components.platform.kserve import KServe, KServeArgs
from components.platform.minio import ModelStore, ModelStoreArgs
from stacks.config import ClusterConfig, StackConfig


@dataclass(frozen=True)
class Platform:
    """What services build on. A part that is switched off is None."""

    options: pulumi.ResourceOptions
    certificates: CertManager | None
    kserve: KServe | None
    store: ModelStore | None


def build(config: StackConfig) -> Platform:
    options = pulumi.ResourceOptions(providers=[_cluster(config.cluster)])
    mirror = Mirror(charts=config.mirror.charts, images=config.mirror.images, digests=config.mirror.digests)
    certificates = CertManager("cert-manager", CertManagerArgs(mirror=mirror), options) if config.cert_manager.enabled else None
    kserve = KServe("kserve", KServeArgs(mirror=mirror), certificates, options) if config.kserve.enabled else None
    store = config.model_store
    return Platform(
        options=options,
        certificates=certificates,
        kserve=kserve,
        store=ModelStore(
            "model-store",
            ModelStoreArgs(mode=store.mode, replicas=store.replicas, storage_size=store.storage_size, mirror=mirror),
            options,
        )
        if store.enabled
        else None,
    )


def _cluster(config: ClusterConfig) -> k8s.Provider:
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
