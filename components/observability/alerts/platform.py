"""Alerts on the platform below all models: Knative's and KEDA's autoscaling, the model store, certificates."""

from __future__ import annotations

from components.observability.rules import Alert, Group

WARNED_DAYS = 14


def platform() -> Group:
    return Group(name="platform", rules=[_cold_start(), *_keda(), _store(), _certificates()])


def _cold_start() -> Alert:
    """Fire for a revision without a ready pod, as Knative's autoscaler counts them
    (knative/serving:pkg/reconciler/autoscaling/kpa/metrics.go@knative-v1.21.1).
    """
    by = "by (k8s_namespace_name, kn_revision_name)"
    return Alert(
        name="ScaleFromZeroSlow",
        expr=f"max {by} (kn_revision_pods_desired) > 0 and max {by} (kn_revision_pods_count) == 0",
        lasting="2m",
        severity="warning",
        summary="{{ $labels.kn_revision_name }}: wanted for 2 minutes, and still no pod is ready",
        description=(
            "Requests wait in Knative's activator meanwhile, and fail when their time is up. Look what the pod waits for: a node, "
            "the image, the model. Where this is too slow for users, set scaling.scaleToZero: false."
        ),
    )


def _keda() -> list[Alert]:
    known = (
        'label_replace(kube_horizontalpodautoscaler_info{horizontalpodautoscaler=~"keda-hpa-.+"}, '
        '"scaledObject", "$1", "horizontalpodautoscaler", "keda-hpa-(.+)")'
    )
    return [
        Alert(
            name="KedaScalerErrors",
            expr="sum by (namespace, scaledObject, scaler) (rate(keda_scaler_detail_errors_total[2m])) > 0",
            # The queries have no answer before a new pod is scraped, and vLLM may take minutes to start.
            lasting="10m",
            severity="warning",
            summary="{{ $labels.scaledObject }}: KEDA's queries fail",
            description=(
                "KEDA uses its fallback meanwhile and does not follow the load. Run the query of the ScaledObject's trigger in Prometheus: "
                "an empty answer is an error too, on purpose."
            ),
        ),
        Alert(
            name="KedaScalerAbsentMetric",
            expr=f"{known} unless on (namespace, scaledObject) keda_scaler_metrics_value",
            lasting="10m",
            severity="warning",
            summary="{{ $labels.scaledObject }}: its autoscaler exists, and KEDA has no metric for it",
            description="Nothing scales it. Look whether KEDA's operator runs, is scraped, and works on this ScaledObject.",
        ),
    ]


def _store() -> Alert:
    spare = "min by (pool, set) (minio_cluster_health_erasure_set_online_drives)"
    quorum = "max by (pool, set) (minio_cluster_health_erasure_set_write_quorum)"
    return Alert(
        name="MinioQuorumRisk",
        # A single server never has a drive to spare.
        expr=f"{spare} - {quorum} < 1 and on () max(minio_cluster_drive_total) > 1",
        lasting="5m",
        severity="critical",
        summary="The model store has no drive to spare: with one more lost it takes no writes",
        description="Pool {{ $labels.pool }}, set {{ $labels.set }}. Look which server is down and why; drain no node until it is back.",
    )


def _certificates() -> Alert:
    left = "certmanager_certificate_expiration_timestamp_seconds - time()"
    return Alert(
        name="CertificateExpiresSoon",
        # Zero means that it was never issued.
        expr=f"{left} < {WARNED_DAYS} * 86400 and certmanager_certificate_expiration_timestamp_seconds > 0",
        lasting="1h",
        severity="warning",
        summary="Certificate {{ $labels.namespace }}/{{ $labels.name }} expires in {{ $value | humanizeDuration }}",
        description=(
            "cert-manager should have renewed it after two thirds of its lifetime. When a webhook's certificate has expired, "
            "the API server refuses every object that it sends to the webhook."
        ),
    )
