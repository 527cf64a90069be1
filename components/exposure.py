"""Exposure of a gateway. Nothing here is ever reachable from the internet."""

from __future__ import annotations

from typing import Literal

Exposure = Literal["cluster", "internal"]
"""`cluster`: no address outside the cluster; `internal`: a load balancer inside the network."""

INTERNAL_LOAD_BALANCER = {
    "service.beta.kubernetes.io/aws-load-balancer-type": "nlb",
    # EKS's own controller reads `internal`; the AWS Load Balancer Controller, if installed, reads `scheme`. A Service with only one of them
    # would be public under the other controller.
    "service.beta.kubernetes.io/aws-load-balancer-internal": "true",
    "service.beta.kubernetes.io/aws-load-balancer-scheme": "internal",
}
"""Annotations of a Service whose load balancer has addresses of the VPC only
(kubernetes/cloud-provider-aws:docs/service_controller.md; aws-load-balancer-controller:docs/guide/service/annotations.md)."""


def service_type(exposure: Exposure) -> Literal["ClusterIP", "LoadBalancer"]:
    return "LoadBalancer" if exposure == "internal" else "ClusterIP"


def service_annotations(exposure: Exposure) -> dict[str, str]:
    return dict(INTERNAL_LOAD_BALANCER) if exposure == "internal" else {}
