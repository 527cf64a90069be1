"""The store's initial contents: one versioned bucket, and a user with minimal rights for each kind of client."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as k8s

from components.base import Args, Component, labels
from components.job import PROGRAMS, ScriptJobArgs, script_job
from components.model_access import Credentials, secret_of
from components.pods import SCRATCH, secret_env

BUCKET = "models"
PUBLISHER = "model-publisher"

POLICIES: dict[str, list[dict[str, object]]] = {
    "kserve-reader": [
        {"Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetBucketLocation"], "Resource": [f"arn:aws:s3:::{BUCKET}"]},
        {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": [f"arn:aws:s3:::{BUCKET}/*"]},
    ],
    PUBLISHER: [
        {
            "Effect": "Allow",
            "Action": ["s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads"],
            "Resource": [f"arn:aws:s3:::{BUCKET}"],
        },
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"],
            "Resource": [f"arn:aws:s3:::{BUCKET}/*"],
        },
    ],
}
"""Rights of each user. KServe's storage initializer lists by prefix before it reads, so reading alone is not enough.

The publisher can continue or abort an interrupted upload, but cannot delete an object.
"""


def user_secret(user: str) -> str:
    """The Secret, in the store's namespace, with this user's key pair."""
    return f"store-user-{user}"


class BootstrapArgs(Args):
    """`key_generation` counts the users' keys: their values are secret and unknown in a preview, so this number tells the Job that they
    are new.
    """

    namespace: str
    endpoint: str
    image: str
    labels: dict[str, str]
    root_secret: str
    key_generation: int = 1


class Bootstrap(Component):
    """Owns the users' Secrets in the store's namespace and the Job that creates bucket, policies and users. Ready when they exist."""

    def __init__(
        self,
        name: str,
        args: BootstrapArgs,
        users: Sequence[Credentials],
        opts: pulumi.ResourceOptions | None = None,
        after: Sequence[pulumi.Resource | None] = (),
    ) -> None:
        super().__init__(name, opts, after)
        self.secret_names = {user.access_key: user_secret(user.access_key) for user in users}
        secrets = [secret_of(user, self.secret_names[user.access_key], args.namespace, self.child()) for user in users]
        script_job(
            ScriptJobArgs(
                name=name,
                namespace=args.namespace,
                labels={**labels(name, args.namespace), **args.labels},
                image=args.image,
                files=[PROGRAMS / "store_bootstrap.sh"],
                command=["/bin/sh", "components/in_cluster/store_bootstrap.sh"],
                env=[
                    {"name": "ENDPOINT", "value": args.endpoint},
                    {"name": "BUCKET", "value": BUCKET},
                    {"name": "MC_CONFIG_DIR", "value": f"{SCRATCH}/mc"},
                    secret_env("ROOT_USER", args.root_secret, "AWS_ACCESS_KEY_ID"),
                    secret_env("ROOT_PASSWORD", args.root_secret, "AWS_SECRET_ACCESS_KEY"),
                    {"name": "KEY_GENERATION", "value": str(args.key_generation)},
                    *self._users(),
                ],
                memory="512Mi",
                deadline_seconds=180,
            ),
            owner=self,
            depends_on=secrets,
        )
        self.register_outputs({"bucket": BUCKET})

    def _users(self) -> list[k8s.core.v1.EnvVarArgsDict]:
        """`USER_<n>`, `USER_<n>_POLICY` and `USER_<n>_SECRET`, which the Job's program reads."""
        variables: list[k8s.core.v1.EnvVarArgsDict] = []
        for index, (user, secret) in enumerate(self.secret_names.items()):
            policy = json.dumps({"Version": "2012-10-17", "Statement": POLICIES[user]})
            variables += [
                {"name": f"USER_{index}", "value": user},
                {"name": f"USER_{index}_POLICY", "value": policy},
                secret_env(f"USER_{index}_SECRET", secret, "AWS_SECRET_ACCESS_KEY"),
            ]
        return variables
