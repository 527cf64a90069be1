"""How Prometheus finds a service's pods."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as k8s

from components.base import labels
from components.serving.server import HTTP_PORT

INTERVAL = "15s"


def pod_monitor(name: str, namespace: str, inference_services: list[str], opts: pulumi.ResourceOptions) -> k8s.apiextensions.CustomResource:
    """By the label that KServe puts on every pod. KServe's own scrape annotation names a port that Standard mode has not
    (kserve:pkg/webhook/admission/pod/metrics_aggregate_injector.go@v0.20.0).
    """
    return k8s.apiextensions.CustomResource(
        f"{name}-metrics",
        api_version="monitoring.coreos.com/v1",
        kind="PodMonitor",
        metadata={"name": name, "namespace": namespace, "labels": labels(name, "serving")},
        spec={
            "selector": {
                "matchExpressions": [{"key": "serving.kserve.io/inferenceservice", "operator": "In", "values": inference_services}]
            },
            "podMetricsEndpoints": [{"portNumber": HTTP_PORT, "path": "/metrics", "interval": INTERVAL}],
        },
        opts=opts,
    )
