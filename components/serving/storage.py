"""The service account of a model's pods, with what KServe's storage initializer needs to read the store."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as k8s

from components.base import Component, labels
from components.model_access import Access, Account, PodIdentity, S3Keys, secret_of

SKIPPED_BY_POD_IDENTITY = "eks.amazonaws.com/skip-containers"
"""amazon-eks-pod-identity-webhook:pkg/annotations.go@v0.6.17"""


def reader_account(account: Account, access: Access | None, owner: Component) -> k8s.core.v1.ServiceAccount:
    """Must exist before the InferenceService: without it KServe starts pods that have no key, and only logs it (kserve#3852)."""
    secrets = [_key(account, access, owner)] if isinstance(access, S3Keys) else []
    granted: list[pulumi.Resource] = [access.granted] if isinstance(access, PodIdentity) else []
    return k8s.core.v1.ServiceAccount(
        account.name,
        metadata={"name": account.name, "namespace": account.namespace, "labels": labels(account.name, "serving")},
        automount_service_account_token=False,
        secrets=[{"name": _secret_name(account)}] if secrets else None,
        opts=owner.child([*secrets, *granted]),
    )


def pod_annotations(access: Access | None) -> dict[str, str]:
    """Annotations of the InferenceService. Only the initializer reads the store; the server may run foreign code, and gets no identity.

    EKS' webhook, `pod-identity-webhook`, comes after KServe's by name and so sees the initializer; it gives every other container
    of the pod region, token and the agent's address. KServe's own `credentials.s3` settings reach pods with keys or IRSA only
    (kserve:pkg/credentials/service_account_credentials.go@v0.20.0).
    """
    return {SKIPPED_BY_POD_IDENTITY: "kserve-container,queue-proxy"} if isinstance(access, PodIdentity) else {}


def _key(account: Account, access: S3Keys, owner: Component) -> k8s.core.v1.Secret:
    return secret_of(
        access.credentials,
        _secret_name(account),
        account.namespace,
        owner.child(),
        annotations={
            "serving.kserve.io/s3-endpoint": access.endpoint,
            "serving.kserve.io/s3-usehttps": "0",
            "serving.kserve.io/s3-region": "us-east-1",
            "serving.kserve.io/s3-usevirtualbucket": "false",
        },
    )


def _secret_name(account: Account) -> str:
    return f"{account.name}-storage"
