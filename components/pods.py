"""Settings that all pods of the platform share: security contexts of Kubernetes' `restricted` profile, and scratch space."""

from __future__ import annotations

import base64
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

NON_ROOT_UID = 65532
"""The conventional `nonroot` user of distroless images; the platform's own images use it too."""

RESTRICTED = {
    "pod-security.kubernetes.io/enforce": "restricted",
    "pod-security.kubernetes.io/enforce-version": "latest",
}
"""Namespace labels that make the API server refuse any pod outside the `restricted` profile."""

PRIVILEGED = {"pod-security.kubernetes.io/enforce": "privileged"}
"""Namespace labels for agents that work on the node itself; the component that uses them gives the reason."""

SCRATCH = "/tmp"  # noqa: S108 - a volume of the pod's own over the read-only root file system
SCRATCH_MOUNT: k8s.core.v1.VolumeMountArgsDict = {"name": "tmp", "mount_path": SCRATCH}
SCRATCH_VOLUME: k8s.core.v1.VolumeArgsDict = {"name": "tmp", "empty_dir": {}}


def pod_security() -> k8s.core.v1.PodSecurityContextArgsDict:
    return {
        "run_as_non_root": True,
        "run_as_user": NON_ROOT_UID,
        "run_as_group": NON_ROOT_UID,
        # Volumes become writable for the group; changing only a different root keeps starts fast on large volumes.
        "fs_group": NON_ROOT_UID,
        "fs_group_change_policy": "OnRootMismatch",
        "seccomp_profile": {"type": "RuntimeDefault"},
    }


def container_security() -> k8s.core.v1.SecurityContextArgsDict:
    return {
        "allow_privilege_escalation": False,
        "read_only_root_filesystem": True,
        "run_as_non_root": True,
        "capabilities": {"drop": ["ALL"]},
    }


RESTRICTED_CONTAINER: dict[str, Any] = {
    "runAsNonRoot": True,
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
}
"""A container's security context of the `restricted` profile, as manifests and charts spell it."""


def restricted(user: int | None = None) -> dict[str, Any]:
    """Return that context with a read-only root file system. `user`: None leaves it to the pod or the image."""
    return {**RESTRICTED_CONTAINER, **({"runAsUser": user} if user else {}), "readOnlyRootFilesystem": True}


def secret_env(name: str, secret: str, key: str) -> k8s.core.v1.EnvVarArgsDict:
    """An environment variable read from a Secret, so that its value is not in the pod specification."""
    return {"name": name, "value_from": {"secret_key_ref": {"name": secret, "key": key}}}


def secret_data(text: str) -> str:
    """Encode text for a Secret's `data`. The API server turns `stringData` into that, which would look like drift."""
    return base64.b64encode(text.encode()).decode()


def restricted_namespace(name: str, labels: dict[str, str], opts: pulumi.ResourceOptions) -> k8s.core.v1.Namespace:
    return k8s.core.v1.Namespace(name, metadata={"name": name, "labels": {**labels, **RESTRICTED}}, opts=opts)


def privileged_namespace(name: str, labels: dict[str, str], opts: pulumi.ResourceOptions) -> k8s.core.v1.Namespace:
    return k8s.core.v1.Namespace(name, metadata={"name": name, "labels": {**labels, **PRIVILEGED}}, opts=opts)
