"""Access of pods to the model store. Services know only this, whatever the store is."""

from __future__ import annotations

import base64

import pulumi
import pulumi_kubernetes as k8s
import pulumi_random

from components.base import Args, Component, labels


class Account(Args):
    """A Kubernetes service account: a pod's identity in the cluster and, by Pod Identity, in AWS."""

    namespace: str
    name: str


class Credentials(Args):
    """An S3 key pair. The secret key exists only as a secret Output (the SDK marks a RandomPassword's result as one)."""

    access_key: str
    secret_key: pulumi.Output[str]

    @classmethod
    def generate(cls, name: str, access_key: str, owner: Component, generation: int = 1) -> Credentials:
        """32 letters and digits, because special characters break S3 keys in URLs. Another `generation` gives another key."""
        keepers = {"generation": str(generation)} if generation > 1 else None
        password = pulumi_random.RandomPassword(name, length=32, special=False, keepers=keepers, opts=owner.child())
        return cls(access_key=access_key, secret_key=password.result)


class S3Keys(Args):
    """Access by an S3 endpoint, `host:port` without a scheme, and a key pair that can only read."""

    endpoint: str
    credentials: Credentials


class PodIdentity(Args):
    """Access by the pod's own account on EKS, without a key. `granted` makes the account a reader, before any of its pods starts."""

    granted: pulumi.Resource


Access = S3Keys | PodIdentity


def secret_of(
    credentials: Credentials,
    name: str,
    namespace: str,
    opts: pulumi.ResourceOptions,
    annotations: dict[str, str] | None = None,
) -> k8s.core.v1.Secret:
    """The key pair as a Secret, under the names that AWS clients and KServe read."""
    return k8s.core.v1.Secret(
        name,
        metadata=k8s.meta.v1.ObjectMetaArgs(name=name, namespace=namespace, labels=labels(name, namespace), annotations=annotations),
        # Encoded here, because the API server turns stringData into data, which would look like drift.
        data={
            "AWS_ACCESS_KEY_ID": _base64(credentials.access_key),
            "AWS_SECRET_ACCESS_KEY": credentials.secret_key.apply(_base64),
        },
        opts=opts,
    )


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
