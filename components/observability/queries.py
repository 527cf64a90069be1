"""Where the numbers of a served model are: selectors of its series, and the queries that dashboards, alerts and objectives share.

What users see is counted by the gateway, which both ways of serving have in front: its own 503 too, for which no server exists to count.
What a model server says of itself explains why.
"""

from __future__ import annotations

from components.base import Args

REQUESTS = "envoy_cluster_upstream_rq_xx"
LATENCY = "envoy_cluster_upstream_rq_time"
"""Milliseconds, from the first byte sent upstream to the last one received: of a streamed completion, the whole of it."""


class ServedModel(Args):
    """A service of ours by its name, which its route, InferenceServices and pods begin with."""

    name: str
    namespace: str

    @property
    def route(self) -> str:
        """Of the gateway's series. Copies for a shadow go to a cluster of their own, `…-mirror-0`, and count for nobody
        (envoyproxy/gateway:internal/gatewayapi/{helpers,filters}.go@v1.9.1).
        """
        return f'envoy_cluster_name=~"httproute/{self.namespace}/{self.name}/rule/[0-9]+(/backend/[0-9]+)?"'

    @property
    def servers(self) -> str:
        """Of what the pods say of themselves."""
        return f'namespace="{self.namespace}",inferenceservice=~"{self.name}(-.+)?"'

    @property
    def pods(self) -> str:
        """Of what the cluster says of the pods."""
        return f'namespace="{self.namespace}",pod=~"{self.name}(-.+)?-predictor-.+"'

    @property
    def gpu_pods(self) -> str:
        """Of what DCGM says: the exporter's own pod has the plain names, so Prometheus renames the model's."""
        return f'exported_namespace="{self.namespace}",exported_pod=~"{self.name}(-.+)?-predictor-.+"'

    @property
    def deployments(self) -> str:
        """Made by KServe, or by Knative for each revision."""
        return f'namespace="{self.namespace}",deployment=~"{self.name}(-.+)?-predictor(-[0-9]+-deployment)?"'


def requests(model: ServedModel, window: str) -> str:
    """Per second."""
    return f"sum(rate({REQUESTS}{{{model.route}}}[{window}]))"


def requests_by_class(model: ServedModel, window: str) -> str:
    return f"sum by (envoy_response_code_class) (rate({REQUESTS}{{{model.route}}}[{window}]))"


def errors(model: ServedModel, window: str) -> str:
    """Per second. There is no series of a class before its first answer; until then there are none, which is not the same as unknown."""
    failed = f'sum(rate({REQUESTS}{{{model.route},envoy_response_code_class="5"}}[{window}]))'
    return f"({failed} or 0 * {requests(model, window)})"


def error_ratio(model: ServedModel, window: str) -> str:
    """Not a number without requests, and so above no threshold."""
    return f"{errors(model, window)} / {requests(model, window)}"


def quantile(model: ServedModel, share: float, window: str) -> str:
    """Milliseconds."""
    return f"histogram_quantile({share:g}, sum by (le) (rate({LATENCY}_bucket{{{model.route}}}[{window}])))"


def slow_ratio(model: ServedModel, seconds: float, window: str) -> str:
    """Of the requests that took longer than `seconds`, which must be a bound of the histogram: another one matches nothing."""
    fast = f"sum(rate({LATENCY}_bucket{{{model.route},{bound(seconds * 1000)}}}[{window}]))"
    return f"1 - {fast} / sum(rate({LATENCY}_count{{{model.route}}}[{window}]))"


def bound(value: float) -> str:
    """A matcher of one bucket. Prometheus 3 writes whole numbers as `100.0` where 2 kept the exporter's `100`
    (https://prometheus.io/docs/prometheus/latest/migration/, "le and quantile label values").
    """
    text = f"{value:g}"
    return f'le="{text}"' if "." in text else f'le=~"{text}([.]0)?"'


def server_quantile(histogram: str, selector: str, share: float, window: str, by: str = "") -> str:
    """Of a histogram that the servers themselves keep; in its own unit."""
    return (
        f"histogram_quantile({share:g}, sum by ({', '.join(filter(None, ('le', by)))}) (rate({histogram}_bucket{{{selector}}}[{window}])))"
    )
