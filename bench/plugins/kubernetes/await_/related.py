"""Readiness that depends on other objects: a Service's endpoints, a claim's storage class."""

from __future__ import annotations

from bench.plugins.kubernetes.await_.readiness import READY, Readiness, readiness
from bench.plugins.kubernetes.cluster import Cluster
from bench.plugins.kubernetes.documents import Object
from bench.plugins.kubernetes.errors import ApiError
from bench.plugins.kubernetes.tokens import Gvk

_SLICE = Gvk("discovery.k8s.io", "v1", "EndpointSlice")
_STORAGE_CLASS = Gvk("storage.k8s.io", "v1", "StorageClass")


def judge(cluster: Cluster, gvk: Gvk, obj: Object) -> Readiness:
    """Like `readiness`, but reads related objects from the API server where a kind needs them."""
    if (gvk.group, gvk.kind) == ("", "Service"):
        return _service(cluster, obj)
    if (gvk.group, gvk.kind) == ("", "PersistentVolumeClaim"):
        return _claim(cluster, obj)
    return readiness(gvk, obj)


def _service(cluster: Cluster, obj: Object) -> Readiness:
    spec = obj["spec"]
    if spec.get("type") == "LoadBalancer" and not ((obj.get("status") or {}).get("loadBalancer") or {}).get("ingress"):
        return Readiness("the load balancer has no address")
    # Without a selector or its own address, the Service's endpoints are managed elsewhere.
    if spec.get("type") == "ExternalName" or spec.get("clusterIP") == "None" or not spec.get("selector"):
        return READY
    metadata = obj["metadata"]
    slices = cluster.find(_SLICE, metadata["namespace"], labelSelector=f"kubernetes.io/service-name={metadata['name']}")
    endpoints = [endpoint for entry in slices for endpoint in entry.get("endpoints") or []]
    if any((endpoint.get("conditions") or {}).get("ready") is not False for endpoint in endpoints):
        return READY
    return Readiness("no ready pod matches its selector")


def _claim(cluster: Cluster, obj: Object) -> Readiness:
    phase = (obj.get("status") or {}).get("phase")
    if phase == "Bound":
        return READY
    if phase == "Lost":
        return Readiness("its volume is lost", failed=True)
    name = obj["spec"].get("storageClassName")
    if phase == "Pending" and name and _binds_late(cluster, name):
        return READY
    return Readiness("no volume is bound to it")


def _binds_late(cluster: Cluster, name: str) -> bool:
    try:
        storage_class = cluster.get(_STORAGE_CLASS, None, name)
    except ApiError:
        return False
    return storage_class.get("volumeBindingMode") == "WaitForFirstConsumer"
