"""Puts trained weights into the store, once: a published object never changes."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from components.base import Args, Component, labels
from components.job import PROGRAMS, ScriptJobArgs, script_job
from components.platform.minio import CLIENT_LABEL, ModelStore
from components.platform.minio_bootstrap import BUCKET
from components.pods import SCRATCH, container_security, secret_env

UPLOAD = "/upload"


class ModelPublicationArgs(Args):
    """`weights_image` carries the files in `/weights`; they get the key `<prefix>/<file>` in the bucket `models`."""

    weights_image: str
    prefix: str


class ModelPublication(Component):
    """Owns the Job that uploads the files of a weights image. Ready when the store holds every one of them, byte for byte.

    Fails when a key already holds other bytes: a new version is published under a new file name.
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
        mount = {"name": "upload", "mount_path": UPLOAD}
        self.job = script_job(
            ScriptJobArgs(
                name=name,
                namespace=store.namespace,
                labels={**labels(name, store.namespace), **CLIENT_LABEL},
                image=store.image,
                files=[PROGRAMS / "publish_model.sh"],
                command=["/bin/sh", "components/in_cluster/publish_model.sh"],
                env=[
                    {"name": "ENDPOINT", "value": store.endpoint},
                    {"name": "PREFIX", "value": f"{BUCKET}/{args.prefix}"},
                    {"name": "UPLOAD", "value": UPLOAD},
                    {"name": "MC_CONFIG_DIR", "value": f"{SCRATCH}/mc"},
                    secret_env("ACCESS_KEY", store.publisher_secret, "AWS_ACCESS_KEY_ID"),
                    secret_env("SECRET_KEY", store.publisher_secret, "AWS_SECRET_ACCESS_KEY"),
                ],
                init_containers=[
                    {
                        "name": "weights",
                        "image": args.weights_image,
                        "command": ["cp", "-r", "/weights/.", UPLOAD],
                        "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"memory": "64Mi"}},
                        "security_context": container_security(),
                        "volume_mounts": [mount],
                    }
                ],
                volumes=[{"name": "upload", "empty_dir": {}}],
                volume_mounts=[{**mount, "read_only": True}],
                memory="512Mi",
                deadline_seconds=240,
            ),
            owner=self,
        )
        self.register_outputs({"job": self.job.metadata["name"]})
