"""Kourier: Envoy as the ingress of Knative services. Edits of its release manifest; `knative.py` installs it together with Knative."""

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
"""Answers requests from inside the cluster, port 80 (knative-extensions/net-kourier:config/300-gateway.yaml@v0.48.0)."""


class Kourier(Args):
    """Installed with Knative."""

    kind: Literal["kourier"] = "kourier"
    exposure: Exposure = "cluster"
    """Of what comes from outside the cluster; requests from inside it have a Service of their own."""

    @property
    def ingress_class(self) -> str:
        return INGRESS_CLASS


def edit(objects: Objects, kourier: Kourier) -> None:
    """Upstream's Service is a public load balancer, and its Envoy a tag that moves."""
    objects.drop("Namespace", NAMESPACE)
    container(objects.one("Deployment", GATEWAY), "kourier-gateway")["image"] = versions.KOURIER_ENVOY.reference
    service = objects.one("Service", "kourier")
    service["spec"]["type"] = service_type(kourier.exposure)
    if annotations := service_annotations(kourier.exposure):
        service["metadata"]["annotations"] = service["metadata"].get("annotations", {}) | annotations
