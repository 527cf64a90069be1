"""Knative's settings, one ConfigMap each: the platform's differences from upstream's defaults, with reasons."""

from __future__ import annotations

from components.artifacts import Mirror
from components.versions import DOCKER_HUB, DOCKER_HUB_INDEX

FEATURES = {
    "kubernetes.podspec-nodeselector": "enabled",
    "kubernetes.podspec-tolerations": "enabled",
    "kubernetes.podspec-affinity": "enabled",
    "kubernetes.podspec-topologyspreadconstraints": "enabled",
    "kubernetes.podspec-init-containers": "enabled",
    "kubernetes.podspec-persistent-volume-claim": "enabled",
    "kubernetes.podspec-fieldref": "enabled",
    "kubernetes.podspec-securitycontext": "enabled",
    "kubernetes.podspec-runtimeclassname": "enabled",
    "kubernetes.podspec-priorityclassname": "enabled",
    "kubernetes.podspec-schedulername": "enabled",
    # A header selects one revision for a request, whatever its share of the traffic; this is how a canary is tested.
    "tag-header-based-routing": "enabled",
}
"""Features that an InferenceService's pod may use. Knative disables all of them by default and then refuses the service ("must not set the
field(s)", kserve#1425). knative/serving:config/core/configmaps/features.yaml@knative-v1.21.1.
"""

LOCAL_REGISTRIES = ("kind.local", "ko.local", "dev.local")
"""Upstream's default list, which the platform's list replaces (configmaps/deployment.yaml)."""


def deployment(mirror: Mirror, skipped_registries: list[str], progress_deadline_seconds: int) -> dict[str, str]:
    """The ConfigMap config-deployment.

    Knative's controller resolves tags to digests itself, without the nodes' credentials and mirrors
    (serving#16282, kserve#3372); if nodes pull from a mirror, it must not try.
    """
    registries = {*LOCAL_REGISTRIES, *mirror.hosts, *skipped_registries}
    return {
        "registries-skipping-tag-resolving": ",".join(sorted(DOCKER_HUB_INDEX if name == DOCKER_HUB else name for name in registries)),
        "progress-deadline": f"{progress_deadline_seconds}s",
        # A missing GPU node may still be starting; without this, an unschedulable pod fails its revision at once.
        "pod-is-always-schedulable": "true",
    }


def defaults(max_request_seconds: int) -> dict[str, str]:
    """The ConfigMap config-defaults. An InferenceService with a longer timeout is refused."""
    return {"max-revision-timeout-seconds": str(max_request_seconds)}


def domain(name: str) -> dict[str, str]:
    """The ConfigMap config-domain. Services under the cluster's own domain are not exposed through the ingress."""
    return {name: ""}


def network(ingress_class: str) -> dict[str, str]:
    """The ConfigMap config-network."""
    return {"ingress-class": ingress_class}


def observability() -> dict[str, str]:
    """The ConfigMap config-observability. Both default to `none` in Knative: the first concerns the controllers, the second the queue
    proxies.
    """
    return {"metrics-protocol": "prometheus", "request-metrics-protocol": "prometheus"}
