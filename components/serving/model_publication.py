"""Uploads trained weights to the store, once: a published object never changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi

from components.base import Args, Component, labels
from components.job import PROGRAMS, ScriptJobArgs, script_job
from components.model_store import ModelStore
from components.platform.minio import CLIENT_LABEL, MinioStore
from components.platform.s3_store import S3Store
from components.pods import SCRATCH, container_security, secret_env

UPLOAD = "/upload"


class ModelPublicationArgs(Args):
    """`weights_image`: its files below `/weights` get their path below `/weights` as key in the store's bucket."""

    weights_image: str


class ModelPublication(Component):
    """Owns the Job that uploads the files of a weights image. Ready when the store holds every one of them, byte for byte.

    Fails when a key already holds other bytes: publish a new version under a new file name.
    """

    def __init__(
        self,
        name: str,
        args: ModelPublicationArgs,
        store: ModelStore,
        opts: pulumi.ResourceOptions | None = None,
        after: Sequence[pulumi.Resource | None] = (),
    ) -> None:
        super().__init__(name, opts, [store, *after])
        job = _by_keys(name, args, store) if isinstance(store, MinioStore) else _by_identity(name, args, store)
        self.job = script_job(job, owner=self)
        self.register_outputs({"job": self.job.metadata["name"]})


def _by_keys(name: str, args: ModelPublicationArgs, store: MinioStore) -> ScriptJobArgs:
    """Return a Job in the store's namespace, with the publisher's key and MinIO's own client."""
    return ScriptJobArgs(
        name=name,
        namespace=store.namespace,
        labels={**labels(name, store.namespace), **CLIENT_LABEL},
        image=store.image,
        files=[PROGRAMS / "publish_model.sh"],
        command=["/bin/sh", "components/in_cluster/publish_model.sh"],
        env=[
            {"name": "ENDPOINT", "value": store.endpoint},
            {"name": "BUCKET", "value": store.bucket},
            {"name": "UPLOAD", "value": UPLOAD},
            {"name": "MC_CONFIG_DIR", "value": f"{SCRATCH}/mc"},
            secret_env("ACCESS_KEY", store.publisher_secret, "AWS_ACCESS_KEY_ID"),
            secret_env("SECRET_KEY", store.publisher_secret, "AWS_SECRET_ACCESS_KEY"),
        ],
        memory="512Mi",
        deadline_seconds=240,
        **_weights(args.weights_image),
    )


def _by_identity(name: str, args: ModelPublicationArgs, store: S3Store) -> ScriptJobArgs:
    """Return a Job of the account that EKS associates with the publisher's role; EKS sets region and credentials' address in the pod."""
    return ScriptJobArgs(
        name=name,
        namespace=store.publisher.namespace,
        labels=labels(name, store.publisher.namespace),
        image=store.image,
        files=[PROGRAMS / "publish_model_to_s3.py", PROGRAMS / "object_store.py"],
        command=["python3", "-u", "-m", "components.in_cluster.publish_model_to_s3"],
        env=[
            {"name": "BUCKET", "value": store.bucket},
            {"name": "UPLOAD", "value": UPLOAD},
        ],
        account=store.publisher.name,
        memory="512Mi",
        new_pods=3,
        deadline_seconds=240,
        **_weights(args.weights_image),
    )


def _weights(image: str) -> dict[str, Any]:
    """Return a volume with the image's files, which the program reads."""
    mount = {"name": "upload", "mount_path": UPLOAD}
    return {
        "init_containers": [
            {
                "name": "weights",
                "image": image,
                "command": ["cp", "-r", "/weights/.", UPLOAD],
                "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"memory": "64Mi"}},
                "security_context": container_security(),
                "volume_mounts": [mount],
            }
        ],
        "volumes": [{"name": "upload", "empty_dir": {}}],
        "volume_mounts": [{**mount, "read_only": True}],
    }
