"""The model store of a stack: MinIO in the cluster, or a bucket on AWS."""

from __future__ import annotations

from components.artifacts import Mirror
from components.aws.model_bucket import ModelBucket, ModelBucketArgs
from components.model_store import ModelStore
from components.platform.minio import MinioStore
from components.platform.minio_servers import MinioStoreArgs
from components.platform.s3_store import S3Store, S3StoreArgs
from components.prometheus import Prometheus
from stacks.cloud import Cluster
from stacks.config import StackConfig
from stacks.config.platform import MinioConfig
from stacks.workloads import workload


def build(config: StackConfig, cluster: Cluster, mirror: Mirror, prometheus: Prometheus | None) -> ModelStore | None:
    store = config.model_store
    if not store.enabled:
        return None
    if isinstance(store, MinioConfig):
        args = MinioStoreArgs(
            mode=store.mode,
            storage_size=store.storage_size,
            storage_class=cluster.storage_class,
            key_generation=store.key_generation,
            protect=config.safeguards.protect,
            workload=workload(store, config.placement),
            mirror=mirror,
        )
        return MinioStore("model-store", args, cluster.options, prometheus=prometheus)
    if cluster.eks is None:
        raise ValueError("modelStore.backend s3 needs cluster.kind: eks")
    bucket = ModelBucket("models", ModelBucketArgs(name=store.bucket, protect=config.safeguards.protect), cluster.options)
    return S3Store("model-store", S3StoreArgs(cluster=cluster.eks.control_plane.name, mirror=mirror), bucket, cluster.options)
