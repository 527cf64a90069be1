"""Kourier: Envoy as the ingress of Knative services. It edits the release manifest; `knative.py` installs it together with Knative."""

from __future__ import annotations

from components import versions
from components.exposure import Exposure, service_annotations, service_type
from components.manifests import Objects, container

NAMESPACE = "kourier-system"
INGRESS_CLASS = "kourier.ingress.networking.knative.dev"
CONTROLLER = "net-kourier-controller"
GATEWAY = "3scale-kourier-gateway"
INTERNAL_SERVICE = "kourier-internal"
"""Service for requests from inside the cluster, port 80 (knative-extensions/net-kourier:config/300-gateway.yaml@v0.48.0)."""

DRAIN_SECONDS = 15
"""Upstream's own time for clients to leave a gateway that ends."""


def edit(objects: Objects, exposure: Exposure) -> None:
    """Edit upstream's manifest: its Service is a public load balancer, its Envoy image is a moving tag, and the hook before the end of a
    gateway calls `curl`, which no image of Envoy has (knative-extensions/net-kourier#1203), so that requests in flight are cut.
    """
    objects.drop("Namespace", NAMESPACE)
    envoy = container(objects.one("Deployment", GATEWAY), "kourier-gateway")
    envoy["image"] = versions.ENVOY_PROXY.reference
    envoy["lifecycle"] = {"preStop": {"sleep": {"seconds": DRAIN_SECONDS}}}
    service = objects.one("Service", "kourier")
    service["spec"]["type"] = service_type(exposure)
    if annotations := service_annotations(exposure):
        service["metadata"]["annotations"] = service["metadata"].get("annotations", {}) | annotations
