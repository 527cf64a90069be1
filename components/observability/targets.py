"""Parts of the platform that Prometheus scrapes, beside those that kube-prometheus-stack and the GPU Operator already cover.

A PodMonitor for a part that is switched off finds no pods.
"""

from __future__ import annotations

from typing import Any

from components.base import Args
from components.platform import cert_manager, envoy_gateway, keda, knative

INTERVAL = "30s"


class Target(Args):
    """The pods of one part, by a label. `port`: name or number. `own_namespaces`: its series carry the namespace of their subject."""

    name: str
    namespace: str
    label: str
    values: list[str]
    port: str | int
    path: str = "/metrics"
    interval: str = INTERVAL
    own_namespaces: bool = False

    def specification(self) -> dict[str, Any]:
        """Return the specification of a PodMonitor."""
        port = {"portNumber": self.port} if isinstance(self.port, int) else {"port": self.port}
        endpoint = {**port, "path": self.path, "interval": self.interval, "honorLabels": self.own_namespaces}
        return {
            "namespaceSelector": {"matchNames": [self.namespace]},
            "selector": {"matchExpressions": [{"key": self.label, "operator": "In", "values": self.values}]},
            "podMetricsEndpoints": [endpoint],
        }


((_GATEWAY_LABEL, _GATEWAY),) = envoy_gateway.PROXY_LABELS.items()

TARGETS = (
    Target(
        name="knative-serving",
        namespace=knative.NAMESPACE,
        label="app",
        values=["autoscaler"],
        port="metrics",
    ),
    # Read as often as the models themselves: it counts the users' view (envoyproxy/gateway:internal/infrastructure/kubernetes/proxy/
    # resource.go@v1.9.1).
    Target(
        name="inference-gateway",
        namespace=envoy_gateway.NAMESPACE,
        label=_GATEWAY_LABEL,
        values=[_GATEWAY],
        port="metrics",
        path="/stats/prometheus",
        interval="15s",
    ),
    # The port's name is `http` (kedacore/keda:config/manager/manager.yaml@v2.21.0).
    Target(name="keda-operator", namespace=keda.NAMESPACE, label="app", values=[keda.OPERATOR], port=8080, own_namespaces=True),
    Target(
        name="cert-manager",
        namespace=cert_manager.NAMESPACE,
        label="app.kubernetes.io/component",
        values=["controller"],
        port="http-metrics",
        own_namespaces=True,
    ),
)
