"""Every metric that a dashboard or an alert names: its exporter, the source that documents it, and the scrape that has shown it.

A wrong name is no error in Prometheus: the panel is empty, and the alert never fires. So nothing else may name a metric
(tests/structure/test_metrics.py).
"""

from __future__ import annotations

from typing import Literal

from components.base import Args
from components.serving.objective import GATEWAY_BOUNDS
from components.serving.scaling import LATENCY_BOUNDS

Kind = Literal["counter", "gauge", "histogram"]
NOT_SCRAPED = "not scraped yet"
ON_THE_BENCH = "the bench's Prometheus, 2026-11-22"
"""Checked again with every run of tests/node/test_metrics_live.py."""


class Exporter(Args):
    """`source`: `repository:path@version`, or a file of this repository. `scrape`: which one has shown its metrics, labels and bounds."""

    name: str
    source: str
    scrape: str = NOT_SCRAPED


class Metric(Args):
    """`labels`: the labels that queries select or group by, except those of the target. `name`: for a histogram, without `_bucket`.

    `bounds`: the bounds of a histogram's buckets, in its own unit. A threshold between two bounds is compared with an interpolation.
    """

    name: str
    kind: Kind
    exporter: Exporter
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()

    @property
    def series(self) -> tuple[str, ...]:
        return tuple(f"{self.name}_{part}" for part in ("bucket", "count", "sum")) if self.kind == "histogram" else (self.name,)


TARGET_LABELS = (
    *("job", "instance", "namespace", "pod", "container", "service", "endpoint", "node"),
    *("model", "inferenceservice", "revision"),
)
"""Labels that every series may have: from Prometheus and its operator, and from components/serving/metrics.py."""

ENVOY = Exporter(
    name="Envoy",
    source="envoyproxy/envoy:docs/root/configuration/upstream/cluster_manager/cluster_stats.rst@02aefdc5a51e",
    scrape=ON_THE_BENCH,
)
QUEUE_PROXY = Exporter(
    name="Knative's queue proxy", source="knative/serving:pkg/queue/request_metric.go@knative-v1.21.1", scrape=ON_THE_BENCH
)
AUTOSCALER = Exporter(
    name="Knative's autoscaler", source="knative/serving:pkg/autoscaler/scaling/metrics.go@knative-v1.21.1", scrape=ON_THE_BENCH
)
PODS_OF_REVISIONS = Exporter(
    name="Knative's autoscaler", source="knative/serving:pkg/reconciler/autoscaling/kpa/metrics.go@knative-v1.21.1", scrape=ON_THE_BENCH
)
BATCHING_SERVER = Exporter(name="a server of kind pytorch", source="components/serving/servers/pytorch.py", scrape=ON_THE_BENCH)
KSERVE_SERVER = Exporter(name="KServe's Python server", source="kserve/kserve:python/kserve/kserve/metrics.py@v0.20.0", scrape=ON_THE_BENCH)
VLLM = Exporter(name="vLLM", source="vllm-project/vllm:vllm/v1/metrics/loggers.py@v0.32.0", scrape=ON_THE_BENCH)
VLLM_HTTP = Exporter(
    name="vLLM's HTTP server",
    source="vllm-project/vllm:vllm/entrypoints/serve/instrumentator/metrics.py@v0.32.0",
    scrape=ON_THE_BENCH,
)
DCGM = Exporter(name="DCGM exporter", source="NVIDIA/dcgm-exporter:etc/dcp-metrics-included.csv@084a245dc715")
KEDA = Exporter(name="KEDA", source="kedacore/keda:pkg/metricscollector/prommetrics.go@v2.21.0", scrape=ON_THE_BENCH)
MINIO = Exporter(name="MinIO", source="minio/minio:docs/metrics/prometheus/list.md@7aac2a2c5b7c", scrape=ON_THE_BENCH)
CERT_MANAGER = Exporter(
    name="cert-manager", source="cert-manager/cert-manager:internal/collectors/certificate_collector.go@v1.21.2", scrape=ON_THE_BENCH
)
STATE_METRICS = Exporter(
    name="kube-state-metrics",
    source="kubernetes/kube-state-metrics:internal/store@v2.20.0",
    scrape=ON_THE_BENCH,
)
CADVISOR = Exporter(name="the kubelet's cAdvisor", source="google/cadvisor:metrics/prometheus.go@v0.56.2", scrape=ON_THE_BENCH)
PROMETHEUS = Exporter(name="Prometheus", source="prometheus/prometheus:rules/alerting.go@v3.14.0", scrape=ON_THE_BENCH)

PYTHON_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
"""The defaults of prometheus/client_python; Knative's queue proxy has the same."""
BATCH_BOUNDS = (1, 2, 4, 8, 16, 32)
# vllm-project/vllm:vllm/v1/metrics/buckets.py@v0.32.0
FIRST_TOKEN_BOUNDS = (
    *(0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5),
    *(10, 20, 40, 80, 160, 640, 2560),
)
BETWEEN_TOKENS_BOUNDS = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80)
REQUEST_BOUNDS = (*LATENCY_BOUNDS, 120, 240, 480, 960, 1920, 7680)

_GPU = ("Hostname", "gpu", "UUID", "modelName", "exported_namespace", "exported_pod")
_KN = ("k8s_namespace_name", "kn_revision_name", "kn_service_name", "kn_configuration_name")
_KEDA = ("scaledObject", "scaler", "metric", "triggerIndex", "type")
_DEPLOYMENT = ("deployment",)


def _gauges(exporter: Exporter, labels: tuple[str, ...], *names: str) -> list[Metric]:
    return [Metric(name=name, kind="gauge", exporter=exporter, labels=labels) for name in names]


METRICS = [
    Metric(name="envoy_cluster_upstream_rq_xx", kind="counter", exporter=ENVOY, labels=("envoy_cluster_name", "envoy_response_code_class")),
    Metric(name="envoy_cluster_upstream_rq_time", kind="histogram", exporter=ENVOY, labels=("envoy_cluster_name",), bounds=GATEWAY_BOUNDS),
    Metric(
        name="kn_serving_invocation_duration_seconds",
        kind="histogram",
        exporter=QUEUE_PROXY,
        labels=("http_response_status_code",),
        bounds=PYTHON_BOUNDS,
    ),
    *_gauges(AUTOSCALER, _KN, "kn_revision_pods_desired", "kn_revision_concurrency_stable", "kn_revision_concurrency_target"),
    *_gauges(PODS_OF_REVISIONS, _KN, "kn_revision_pods_count"),
    Metric(name="predictor_batch_images", kind="histogram", exporter=BATCHING_SERVER, labels=("model_name",), bounds=BATCH_BOUNDS),
    Metric(name="request_predict_seconds", kind="histogram", exporter=KSERVE_SERVER, labels=("model_name",), bounds=PYTHON_BOUNDS),
    *(
        Metric(name=f"vllm:{name}_seconds", kind="histogram", exporter=VLLM, labels=("model_name", "engine"), bounds=bounds)
        for name, bounds in (
            ("time_to_first_token", FIRST_TOKEN_BOUNDS),
            ("inter_token_latency", BETWEEN_TOKENS_BOUNDS),
            ("e2e_request_latency", REQUEST_BOUNDS),
            ("request_queue_time", REQUEST_BOUNDS),
        )
    ),
    *(
        Metric(name=f"vllm:{name}", kind="counter", exporter=VLLM, labels=("model_name", "engine"))
        for name in ("prompt_tokens_total", "generation_tokens_total", "num_preemptions_total")
    ),
    *_gauges(VLLM, ("model_name", "engine"), "vllm:num_requests_waiting", "vllm:num_requests_running", "vllm:kv_cache_usage_perc"),
    Metric(name="http_requests_total", kind="counter", exporter=VLLM_HTTP, labels=("handler", "method", "status")),
    *_gauges(
        DCGM,
        _GPU,
        "DCGM_FI_DEV_GPU_UTIL",
        "DCGM_FI_DEV_FB_USED",
        "DCGM_FI_DEV_FB_FREE",
        "DCGM_FI_DEV_GPU_TEMP",
        "DCGM_FI_DEV_POWER_USAGE",
        "DCGM_FI_DEV_XID_ERRORS",
        "DCGM_FI_DEV_ROW_REMAP_FAILURE",
        "DCGM_FI_PROF_GR_ENGINE_ACTIVE",
    ),
    Metric(name="keda_scaler_detail_errors_total", kind="counter", exporter=KEDA, labels=_KEDA),
    *_gauges(KEDA, _KEDA, "keda_scaler_metrics_value"),
    *_gauges(
        MINIO,
        ("pool", "set"),
        "minio_cluster_health_erasure_set_online_drives",
        "minio_cluster_health_erasure_set_write_quorum",
    ),
    *_gauges(
        MINIO,
        (),
        "minio_cluster_drive_total",
        "minio_cluster_capacity_usable_free_bytes",
        "minio_cluster_capacity_usable_total_bytes",
    ),
    *_gauges(CERT_MANAGER, ("name", "issuer_name"), "certmanager_certificate_expiration_timestamp_seconds"),
    *_gauges(STATE_METRICS, ("label_workload_type",), "kube_node_labels"),
    *_gauges(STATE_METRICS, ("resource", "unit"), "kube_node_status_allocatable", "kube_pod_container_resource_requests"),
    *_gauges(STATE_METRICS, ("condition", "status"), "kube_node_status_condition"),
    *_gauges(STATE_METRICS, ("phase",), "kube_pod_status_phase"),
    *_gauges(STATE_METRICS, _DEPLOYMENT, "kube_deployment_spec_replicas", "kube_deployment_status_replicas_available"),
    *_gauges(
        STATE_METRICS,
        ("horizontalpodautoscaler",),
        "kube_horizontalpodautoscaler_info",
        "kube_horizontalpodautoscaler_status_desired_replicas",
        "kube_horizontalpodautoscaler_spec_max_replicas",
    ),
    Metric(name="kube_pod_container_status_restarts_total", kind="counter", exporter=STATE_METRICS),
    Metric(name="container_cpu_usage_seconds_total", kind="counter", exporter=CADVISOR, labels=("image",)),
    *_gauges(CADVISOR, ("image",), "container_memory_working_set_bytes"),
    *_gauges(PROMETHEUS, ("alertname", "alertstate", "severity"), "ALERTS"),
]


def bounds(histogram: str) -> tuple[float, ...]:
    """Return a histogram's bounds in its own unit. Raises KeyError for a name that is no histogram of the table."""
    return {metric.name: metric.bounds for metric in METRICS if metric.kind == "histogram"}[histogram]
