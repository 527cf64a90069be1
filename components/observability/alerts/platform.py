"""What the services stand on: autoscaling by queries, the model store, certificates."""

from __future__ import annotations

from components.observability.rules import Alert, Group

WARNED_DAYS = 14


def platform() -> Group:
    return Group(name="platform", rules=[*_keda(), _store(), _certificates()])


def _keda() -> list[Alert]:
    known = (
        'label_replace(kube_horizontalpodautoscaler_info{horizontalpodautoscaler=~"keda-hpa-.+"}, '
        '"scaledObject", "$1", "horizontalpodautoscaler", "keda-hpa-(.+)")'
    )
    return [
        Alert(
            name="KedaScalerErrors",
            expr="sum by (namespace, scaledObject, scaler) (rate(keda_scaler_detail_errors_total[2m])) > 0",
            # Until a new pod is scraped there is nothing to answer with, and one of vLLM may take minutes to start.
            lasting="10m",
            severity="warning",
            summary="{{ $labels.scaledObject }}: KEDA's queries fail",
            description=(
                "It scales by its fallback meanwhile, not by the load. Run the query of the ScaledObject's trigger in Prometheus: "
                "an empty answer is an error too, on purpose."
            ),
        ),
        Alert(
            name="KedaScalerAbsentMetric",
            expr=f"{known} unless on (namespace, scaledObject) keda_scaler_metrics_value",
            lasting="10m",
            severity="warning",
            summary="{{ $labels.scaledObject }}: KEDA has an autoscaler for it and no metric",
            description="Nothing scales it. Look at KEDA's operator: not running, not scraped, or stuck on this ScaledObject.",
        ),
    ]


def _store() -> Alert:
    spare = "min by (pool, set) (minio_cluster_health_erasure_set_online_drives)"
    quorum = "max by (pool, set) (minio_cluster_health_erasure_set_write_quorum)"
    return Alert(
        name="MinioQuorumRisk",
        # One server alone has no drive to spare, and is not meant to.
        expr=f"{spare} - {quorum} < 1 and on () max(minio_cluster_drive_total) > 1",
        lasting="5m",
        severity="critical",
        summary="The model store has no drive to spare: one more lost, and it takes no writes",
        description="Pool {{ $labels.pool }}, set {{ $labels.set }}. Look which server is down and why; drain no node until it is back.",
    )


def _certificates() -> Alert:
    left = "certmanager_certificate_expiration_timestamp_seconds - time()"
    return Alert(
        name="CertificateExpiresSoon",
        # Zero: never issued.
        expr=f"{left} < {WARNED_DAYS} * 86400 and certmanager_certificate_expiration_timestamp_seconds > 0",
        lasting="1h",
        severity="warning",
        summary="Certificate {{ $labels.namespace }}/{{ $labels.name }} expires in {{ $value | humanizeDuration }}",
        description=(
            "cert-manager should have renewed it after two thirds of its time. When a webhook's certificate is out of date, "
            "the API server refuses every object the webhook is asked about."
        ),
    )
