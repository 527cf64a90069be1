"""Cases of the parts that all models are built on."""

from __future__ import annotations

from tests.alerts.case import Case, Series

FAILS, SILENT, QUORUM, EXPIRES = "KedaScalerErrors", "KedaScalerAbsentMetric", "MinioQuorumRisk", "CertificateExpiresSoon"
COLD = "ScaleFromZeroSlow"
OBJECT = 'namespace="default",scaledObject="smollm-text-generation-predictor"'
WARNING, CRITICAL = ({"severity": "warning"},), ({"severity": "critical"},)
DAY = 86_400


def keda(metric: str, values: str) -> Series:
    return {f'keda_scaler_{metric}{{{OBJECT},scaler="prometheusScaler",triggerIndex="0"}}': values}


def autoscaler(name: str) -> Series:
    return {f'kube_horizontalpodautoscaler_info{{namespace="default",horizontalpodautoscaler="{name}"}}': "1x60"}


def revision(**gauges: str) -> Series:
    labels = '{k8s_namespace_name="default",kn_revision_name="mnist-classifier-predictor-00001"}'
    return {f"kn_revision_pods_{name}{labels}": values for name, values in gauges.items()}


def store(online: int, quorum: int, drives: int, server: str = "minio-0") -> Series:
    of_set = f'{{pod="{server}",pool="0",set="0"}}'
    return {
        f"minio_cluster_health_erasure_set_online_drives{of_set}": f"{online}x30",
        f"minio_cluster_health_erasure_set_write_quorum{of_set}": f"{quorum}x30",
        f'minio_cluster_drive_total{{pod="{server}"}}': f"{drives}x30",
    }


def certificate(expires_on_day: float) -> Series:
    """The tests' clock begins at zero."""
    labels = '{namespace="kserve",name="serving-cert"}'
    return {f"certmanager_certificate_expiration_timestamp_seconds{labels}": f"{expires_on_day * DAY:.0f}x180"}


OURS = autoscaler("keda-hpa-smollm-text-generation-predictor")
CASES = [
    Case(
        FAILS,
        "every query",
        keda("detail_errors_total", "0+4x30"),
        firing=({"severity": "warning", "scaledObject": "smollm-text-generation-predictor"},),
    ),
    Case(FAILS, "a few, long ago", keda("detail_errors_total", "7x30")),
    Case(FAILS, "one, just now", keda("detail_errors_total", "0x10 1x30"), at="12m"),
    Case(FAILS, "for 8 minutes", keda("detail_errors_total", "0+4x30"), at="8m"),
    Case(FAILS, "for 4 minutes, until the new pods were scraped", keda("detail_errors_total", "0+4x4 16x30"), at="8m"),
    Case(FAILS, "for 9 minutes, and not since", keda("detail_errors_total", "0+4x9 36x30"), at="12m"),
    Case(FAILS, "there are no series"),
    Case(SILENT, "the operator says nothing", OURS, firing=WARNING),
    Case(SILENT, "it has just been made", OURS, at="5m"),
    Case(SILENT, "it has a value, zero too", OURS | keda("metrics_value", "0x60")),
    Case(SILENT, "somebody else's autoscaler", autoscaler("kourier")),
    Case(SILENT, "there are no series"),
    Case(QUORUM, "one of four drives is gone", store(3, 3, 4), firing=({"severity": "critical", "set": "0"},)),
    Case(QUORUM, "one server sees it", store(4, 3, 4) | store(3, 3, 4, "minio-1"), firing=CRITICAL),
    Case(QUORUM, "for 2 minutes", store(3, 3, 4), at="2m"),
    Case(QUORUM, "all drives are there", store(4, 3, 4)),
    Case(QUORUM, "one server alone", store(1, 1, 1)),
    Case(QUORUM, "there are no series"),
    Case(EXPIRES, "in ten days", certificate(10), at="2h", firing=({"severity": "warning", "namespace": "kserve"},)),
    Case(EXPIRES, "it has expired", certificate(0.01), at="2h", firing=WARNING),
    Case(EXPIRES, "in three weeks", certificate(21), at="2h"),
    Case(EXPIRES, "seen for half an hour", certificate(10), at="30m"),
    Case(EXPIRES, "in a month", certificate(30), at="2h"),
    Case(EXPIRES, "it was never issued", certificate(0), at="2h"),
    Case(EXPIRES, "there are no series"),
    Case(COLD, "wanted and not there", revision(desired="1x20", count="0x20"), at="5m", firing=WARNING),
    Case(COLD, "for a minute", revision(desired="1x20", count="0x20"), at="1m"),
    Case(COLD, "one of three is there", revision(desired="3x20", count="1x20"), at="5m"),
    Case(COLD, "nobody wants it", revision(desired="0x20", count="0x20"), at="5m"),
    Case(COLD, "nobody counts its pods", revision(desired="1x20"), at="5m"),
    Case(COLD, "there are no series"),
]
