"""Fields that the API server does not change in place: a change replaces the object (the official plugin's list)."""

from __future__ import annotations

from bench.plugins.kubernetes.config import ProviderConfig
from bench.plugins.kubernetes.documents import Object
from bench.plugins.kubernetes.tokens import Gvk

_IDENTITY = ("metadata.name", "metadata.namespace")
_RBAC = "rbac.authorization.k8s.io"

# The API server lets only a Pod's images, deadlines and tolerations change; the official plugin also replaces for a new image.
_POD = ("spec",)

_BY_KIND: dict[tuple[str, str], tuple[str, ...]] = {
    ("", "PersistentVolumeClaim"): ("spec.accessModes", "spec.selector", "spec.storageClassName", "spec.volumeName"),
    ("", "Pod"): _POD,
    ("", "Service"): ("spec.clusterIP",),
    ("apps", "DaemonSet"): ("spec.selector",),
    ("apps", "Deployment"): ("spec.selector",),
    ("apps", "StatefulSet"): (
        "spec.podManagementPolicy",
        "spec.revisionHistoryLimit",
        "spec.selector",
        "spec.serviceName",
        "spec.volumeClaimTemplates",
    ),
    ("batch", "Job"): ("spec.completions", "spec.parallelism", "spec.selector", "spec.template"),
    (_RBAC, "ClusterRoleBinding"): ("roleRef",),
    (_RBAC, "RoleBinding"): ("roleRef",),
    ("storage.k8s.io", "StorageClass"): ("parameters", "provisioner"),
}


def immutable_paths(gvk: Gvk, obj: Object, config: ProviderConfig) -> tuple[str, ...]:
    """Dotted paths of the fields whose change replaces this object."""
    sealed = obj.get("immutable") is True
    if (gvk.group, gvk.kind) == ("", "ConfigMap") and (sealed or not config.enable_config_map_mutable):
        return (*_IDENTITY, "data", "binaryData")
    if (gvk.group, gvk.kind) == ("", "Secret"):
        data = ("data", "stringData") if sealed or not config.enable_secret_mutable else ()
        return (*_IDENTITY, "type", *data)
    return (*_IDENTITY, *_BY_KIND.get((gvk.group, gvk.kind), ()))


def is_under(path: str, roots: tuple[str, ...]) -> bool:
    """True if a property path (`spec.template.spec.containers[0].image`) is one of the roots or below one."""
    return any(path == root or path.startswith((f"{root}.", f"{root}[")) for root in roots)
