"""Kourier: Envoy as the ingress of Knative services. It edits the release manifest; `knative.py` installs it together with Knative."""

from __future__ import annotations

from typing import Literal

from components import versions
from components.base import Args
from components.exposure import Exposure, service_annotations, service_type
from components.manifests import Objects, container

NAMESPACE = "kourier-system"
INGRESS_CLASS = "kourier.ingress.networking.knative.dev"
GATEWAY = "3scale-kourier-gateway"
INTERNAL_SERVICE = "kourier-internal"
"""Service for requests from inside the cluster, port 80 (knative-extensions/net-kourier:config/300-gateway.yaml@v0.48.0)."""


class Kourier(Args):
    """Installed with Knative."""

    kind: Literal["kourier"] = "kourier"
    exposure: Exposure = "cluster"
    """Exposure to requests from outside the cluster; requests from inside use a separate Service."""

    @property
    def ingress_class(self) -> str:
        return INGRESS_CLASS


def edit(objects: Objects, kourier: Kourier) -> None:
    """Edit upstream's manifest, whose Service is a public load balancer and whose Envoy image is a moving tag."""
    objects.drop("Namespace", NAMESPACE)
    container(objects.one("Deployment", GATEWAY), "kourier-gateway")["image"] = versions.KOURIER_ENVOY.reference
    service = objects.one("Service", "kourier")
    service["spec"]["type"] = service_type(kourier.exposure)
    if annotations := service_annotations(kourier.exposure):
        service["metadata"]["annotations"] = service["metadata"].get("annotations", {}) | annotations
