"""The model store of a stack, as this machine reaches it."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from components.platform.minio_bootstrap import PUBLISHER, user_secret
from components.platform.minio_servers import NAME, NAMESPACE, S3_PORT
from scripts.cloud.access import cluster_access
from scripts.commands import ROOT
from scripts.errors import DriverError
from scripts.local import cluster as clusters
from scripts.local.workspace import STACK
from scripts.mlops.reach import kubernetes_object, reachable
from scripts.publish import client
from scripts.publish.upload import Bucket
from scripts.stack_configuration import configuration
from scripts.stack_file import read, stack_file
from stacks.config import StackConfig
from stacks.config.cluster import EksClusterConfig
from stacks.config.platform import MinioConfig

READ = ("cluster", "modelStore")
"""The sections of the stack file that say where the store is. The others may still lack what is published here."""


def stack_configuration(stack: str) -> StackConfig:
    """Raises DriverError where there is no such stack or it has no store, ConfigError where its file is wrong."""
    given = read(stack_file(stack))
    config = configuration(stack, {name: given[name] for name in READ if name in given})
    if not config.model_store.enabled:
        raise DriverError(f"stack {stack} has no model store: modelStore.enabled is false")
    return config


@contextmanager
def opened(stack: str, config: StackConfig) -> Iterator[Bucket]:
    """The stack's bucket. Raises DriverError where it can't be reached."""
    store = config.model_store
    if isinstance(store, MinioConfig):
        environment = _environment(stack, config)
        with reachable(f"http://{NAME}.{NAMESPACE}.svc.cluster.local:{S3_PORT}", environment) as endpoint:
            yield Bucket(client.by_keys(endpoint.url, *_publisher(environment)), store.bucket)
        return
    if not isinstance(config.cluster, EksClusterConfig):
        raise DriverError(f"stack {stack}: modelStore.backend s3 needs cluster.kind: eks")
    yield Bucket(client.by_identity(config.cluster.region), store.bucket)


def _environment(stack: str, config: StackConfig) -> Mapping[str, str]:
    """Environment with which kubectl reaches the stack's cluster."""
    if stack == STACK:
        return clusters.running().environment()
    folder = ROOT / "build" / f"publish-{stack}"
    folder.mkdir(parents=True, exist_ok=True)
    return {**os.environ, **cluster_access(config.cluster, folder, os.environ)}


def _publisher(environment: Mapping[str, str]) -> tuple[str, str]:
    """The publisher's key pair, which stays in this process's memory."""
    data: Mapping[str, Any] = kubernetes_object("secret", NAMESPACE, user_secret(PUBLISHER), environment)["data"]
    access_key, secret_key = (base64.b64decode(data[name]).decode() for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"))
    return access_key, secret_key
