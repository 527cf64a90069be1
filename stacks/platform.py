"""The in-cluster layer, in order: certificates → serving controller; model store beside them. The only place that knows the order."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.artifacts import Mirror
from components.model_store import ModelStore
from components.platform.cert_manager import CertManager, CertManagerArgs
from components.platform.kserve import KServe, KServeArgs
from components.platform.minio import MinioStore
from components.platform.minio_servers import MinioStoreArgs
from components.scheduling import Workload
from stacks.cloud import Cluster
from stacks.config import StackConfig
from stacks.config.platform import MinioConfig


@dataclass(frozen=True)
class Platform:
    """What services build on. A part that is switched off is None."""

    options: pulumi.ResourceOptions
    certificates: CertManager | None
    kserve: KServe | None
    store: ModelStore | None


def build(config: StackConfig, cluster: Cluster) -> Platform:
    options = cluster.options
    mirror = Mirror(**config.mirror.model_dump())
    certificates = CertManager("cert-manager", CertManagerArgs(mirror=mirror), options) if config.cert_manager.enabled else None
    kserve = KServe("kserve", KServeArgs(mirror=mirror), certificates, options) if config.kserve.enabled else None
    return Platform(options=options, certificates=certificates, kserve=kserve, store=_store(config, mirror, options))


def _store(config: StackConfig, mirror: Mirror, options: pulumi.ResourceOptions) -> ModelStore | None:
    store = config.model_store
    if not store.enabled or not isinstance(store, MinioConfig):
        return None
    args = MinioStoreArgs(mode=store.mode, storage_size=store.storage_size, workload=Workload(replicas=store.replicas), mirror=mirror)
    return MinioStore("model-store", args, options)
