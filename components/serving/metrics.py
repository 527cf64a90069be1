"""How Prometheus finds a service's pods, and what it knows them by."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.base import labels
from components.prometheus import Prometheus
from components.serving.model import Model

INTERVAL = "15s"

QUEUE_PROXY_PORT = "http-usermetric"
"""Of the container beside every server in Knative mode, whose metrics have the status codes
(knative/serving:pkg/apis/serving/v1/revision_helpers.go@knative-v1.21.1). A pod in Standard mode has no such port, and no such target."""

VARIANTS = {
    "inferenceservice": "serving.kserve.io/inferenceservice",
    "revision": "serving.knative.dev/revision",
}
"""Label of every series → label of the pod. A version is an InferenceService in Standard mode, a revision in Knative mode."""


def pod_monitor(model: Model, prometheus: Prometheus, opts: pulumi.ResourceOptions) -> k8s.apiextensions.CustomResource:
    """By the label that KServe puts on every pod. KServe's own scrape annotation names a port that Standard mode has not
    (kserve:pkg/webhook/admission/pod/metrics_aggregate_injector.go@v0.20.0).
    """
    return k8s.apiextensions.CustomResource(
        f"{model.name}-metrics",
        api_version="monitoring.coreos.com/v1",
        kind="PodMonitor",
        metadata={"name": model.name, "namespace": model.namespace, "labels": {**labels(model.name, "serving"), **prometheus.labels}},
        spec={
            "selector": {
                "matchExpressions": [
                    {"key": "serving.kserve.io/inferenceservice", "operator": "In", "values": [part.name for part in model.parts]}
                ]
            },
            "podMetricsEndpoints": [_endpoint(portNumber=model.entry.server.http_port), _endpoint(port=QUEUE_PROXY_PORT)],
        },
        opts=opts,
    )


def _endpoint(**port: int | str) -> dict[str, Any]:
    relabelings = [{"sourceLabels": [_discovered(label)], "targetLabel": name} for name, label in VARIANTS.items()]
    return {**port, "path": "/metrics", "interval": INTERVAL, "relabelings": relabelings}


def _discovered(label: str) -> str:
    """As Prometheus' service discovery spells a pod's label."""
    return "__meta_kubernetes_pod_label_" + label.translate(str.maketrans("./-", "___"))
