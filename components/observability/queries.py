"""Selectors of a model's series, and the queries that dashboards, alerts and objectives share.

The gateway counts the users' view, including its own 503, which no server counts. A model without a gateway in front of it
(a plain Service, replicas by CPU) has none of these series. The model server's own metrics explain the causes.

Every selector names one model exactly. `llama` must not match `llama-chat`, so no selector ends in an open `llama.*`.
"""

from __future__ import annotations

from components.serving.model import Model
from components.serving.scaling import QueueScaling

REQUESTS = "envoy_cluster_upstream_rq_xx"
LATENCY = "envoy_cluster_upstream_rq_time"
"""Milliseconds, from the first byte sent upstream to the last one received. For a streamed completion that is the whole stream."""


def route(model: Model) -> str:
    """Select the gateway's series. Copies for a shadow go to a cluster of their own, `…-mirror-0`, and are not counted
    (envoyproxy/gateway:internal/gatewayapi/{helpers,filters}.go@v1.9.1).
    """
    return f'envoy_cluster_name=~"httproute/{model.namespace}/{model.name}/rule/[0-9]+(/backend/[0-9]+)?"'


def servers(model: Model) -> str:
    """Select the metrics of the model's pods. The PodMonitor adds the label `model` (components/serving/metrics.py)."""
    return f'namespace="{model.namespace}",model="{model.name}"'


def pods(model: Model) -> str:
    """Select the cluster's metrics of the pods."""
    return f'namespace="{model.namespace}",pod=~"{_parts(model)}-predictor-.+"'


def gpu_pods(model: Model) -> str:
    """Select DCGM's metrics. `pod` is the exporter's own one there, so Prometheus renames the label of the pod that holds the GPU."""
    return f'exported_namespace="{model.namespace}",exported_pod=~"{_parts(model)}-predictor-.+"'


def deployments(model: Model) -> str:
    """Select the cluster's metrics of Deployments: KServe's, or Knative's for each revision."""
    return f'namespace="{model.namespace}",deployment=~"{_parts(model)}-predictor(-[0-9]+-deployment)?"'


def autoscalers(model: Model) -> str:
    """Select the HorizontalPodAutoscalers of a model in Standard mode: KEDA's, or those that KServe makes."""
    prefix = "keda-hpa-" if isinstance(model.entry.scaling, QueueScaling) else ""
    return f'namespace="{model.namespace}",horizontalpodautoscaler=~"{prefix}{_parts(model)}-predictor"'


def revisions(model: Model) -> str:
    """Select the metrics of Knative's autoscaler for a model in Knative mode."""
    return f'k8s_namespace_name="{model.namespace}",kn_configuration_name="{model.name}-predictor"'


def _parts(model: Model) -> str:
    return f"({'|'.join(part.name for part in model.parts)})"


def requests(model: Model, window: str) -> str:
    """Requests per second."""
    return f"sum(rate({REQUESTS}{{{route(model)}}}[{window}]))"


def requests_by_class(model: Model, window: str) -> str:
    """Requests per second for each class of status codes."""
    return f"sum by (envoy_response_code_class) (rate({REQUESTS}{{{route(model)}}}[{window}]))"


def errors(model: Model, window: str) -> str:
    """Server errors per second. Before the first error its series does not exist; that means none, not unknown."""
    failed = f'sum(rate({REQUESTS}{{{route(model)},envoy_response_code_class="5"}}[{window}]))'
    return f"({failed} or 0 * {requests(model, window)})"


def error_ratio(model: Model, window: str) -> str:
    """Share of server errors. Without requests it is NaN, which exceeds no threshold."""
    return f"{errors(model, window)} / {requests(model, window)}"


def quantile(model: Model, share: float, window: str) -> str:
    """Quantile of the latency in milliseconds."""
    return f"histogram_quantile({share:g}, sum by (le) (rate({LATENCY}_bucket{{{route(model)}}}[{window}])))"


def slow_ratio(model: Model, seconds: float, window: str) -> str:
    """Share of the requests that took longer than `seconds`, which must be a bound of the histogram: another value matches no bucket."""
    fast = f"sum(rate({LATENCY}_bucket{{{route(model)},{bound(seconds * 1000)}}}[{window}]))"
    return f"1 - {fast} / sum(rate({LATENCY}_count{{{route(model)}}}[{window}]))"


def bound(value: float) -> str:
    """Return the matcher of one bucket. Prometheus 3 writes whole numbers as `100.0` where 2 kept the exporter's `100`
    (https://prometheus.io/docs/prometheus/latest/migration/, "le and quantile label values").
    """
    text = f"{value:g}"
    return f'le="{text}"' if "." in text else f'le=~"{text}([.]0)?"'


def server_quantile(histogram: str, selector: str, share: float, window: str, by: str = "") -> str:
    """Quantile of a histogram that the servers themselves keep, in the histogram's own unit."""
    return (
        f"histogram_quantile({share:g}, sum by ({', '.join(filter(None, ('le', by)))}) (rate({histogram}_bucket{{{selector}}}[{window}])))"
    )
