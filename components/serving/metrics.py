"""How Prometheus finds the pods of a model, and which labels their series get."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.base import labels
from components.prometheus import Prometheus
from components.serving.model import Model

INTERVAL = "15s"

QUEUE_PROXY: dict[str, Any] = {"port": "http-usermetric", "path": "/metrics"}
"""The container beside every server in Knative mode, whose metrics have the status codes
(knative/serving:pkg/apis/serving/v1/revision_helpers.go@knative-v1.21.1)."""

VARIANTS = {
    "inferenceservice": "serving.kserve.io/inferenceservice",
    "revision": "serving.knative.dev/revision",
}
"""Label of every series → label of the pod. A version is an InferenceService in Standard mode, a revision in Knative mode."""


def pod_monitor(model: Model, prometheus: Prometheus, opts: pulumi.ResourceOptions) -> k8s.apiextensions.CustomResource | None:
    """Scrape the pods of all versions by the label that KServe puts on them; None if no container of them has metrics.

    KServe's own scrape annotation names a port that does not exist in Standard mode
    (kserve:pkg/webhook/admission/pod/metrics_aggregate_injector.go@v0.20.0).
    """
    found = endpoints(model)
    if not found:
        return None
    return k8s.apiextensions.CustomResource(
        f"{model.name}-metrics",
        api_version="monitoring.coreos.com/v1",
        kind="PodMonitor",
        metadata={
            "name": model.name,
            "namespace": model.namespace,
            "labels": {**labels(model.name, "serving"), **prometheus.labels},
        },
        spec={
            "selector": {
                "matchExpressions": [{"key": VARIANTS["inferenceservice"], "operator": "In", "values": [part.name for part in model.parts]}]
            },
            "podMetricsEndpoints": found,
        },
        opts=opts,
    )


def endpoints(model: Model) -> list[dict[str, Any]]:
    """Return the endpoints of one pod: the server's own metrics, if it has any, and in Knative mode those of the queue proxy.

    Every series gets the label `model`, by which all queries select; names of pods would also match a model whose name begins alike.
    """
    server = model.entry.server
    own: list[dict[str, Any]] = [{"portNumber": server.http_port, "path": server.metrics_path}] if server.metrics_path else []
    relabelings = [
        {"targetLabel": "model", "replacement": model.name},
        *({"sourceLabels": [_discovered(label)], "targetLabel": name} for name, label in VARIANTS.items()),
    ]
    proxy = [QUEUE_PROXY] if model.entry.on_knative else []
    return [{**endpoint, "interval": INTERVAL, "relabelings": relabelings} for endpoint in (*own, *proxy)]


def _discovered(label: str) -> str:
    """Return the name that Prometheus' service discovery gives a pod's label."""
    return "__meta_kubernetes_pod_label_" + label.translate(str.maketrans("./-", "___"))
