"""What users notice."""

from __future__ import annotations

from tests.alerts.case import Case, Series, histogram

MNIST, SMOLLM = "mnist-classifier", "smollm-text-generation"
WARNING = ({"severity": "warning"},)


def answers(service: str, rule: str = "rule/0", **by_class: str) -> Series:
    """`c2="0+95x30"`: answers 2xx at the gateway."""
    cluster = f'envoy_cluster_name="httproute/default/{service}/{rule}"'
    return {
        f'envoy_cluster_upstream_rq_xx{{{cluster},envoy_response_code_class="{name[1:]}"}}': values for name, values in by_class.items()
    }


def took(service: str, cumulated: dict[str, str], rule: str = "rule/0") -> Series:
    return histogram("envoy_cluster_upstream_rq_time", f'envoy_cluster_name="httproute/default/{service}/{rule}"', cumulated)


def deployment(name: str, wanted: int, available: int) -> Series:
    labels = f'{{namespace="default",deployment="{name}"}}'
    return {
        f"kube_deployment_spec_replicas{labels}": f"{wanted}x60",
        f"kube_deployment_status_replicas_available{labels}": f"{available}x60",
    }


def revision(**gauges: str) -> Series:
    labels = '{k8s_namespace_name="default",kn_revision_name="mnist-classifier-predictor-00001"}'
    return {f"kn_revision_pods_{name}{labels}": values for name, values in gauges.items()}


def _slow_cases(alert: str, service: str, limit: str, above: str) -> list[Case]:
    slow = {limit: "0+90x30", above: "0+100x30", "+Inf": "0+100x30"}
    return [
        Case(alert, "one in ten is slow", took(service, slow), firing=({"severity": "warning", "service": service},)),
        Case(
            alert,
            "Prometheus 3 wrote the bounds",
            took(service, {f"{key}.0": slow[key] for key in (limit, above)} | {"+Inf": slow["+Inf"]}),
            firing=WARNING,
        ),
        Case(alert, "it has been so for 2 minutes only", took(service, slow), at="2m"),
        Case(alert, "three in a hundred are slow", took(service, {limit: "0+97x30", above: "0+100x30", "+Inf": "0+100x30"})),
        Case(alert, "nobody asks", took(service, {limit: "80x30", above: "100x30", "+Inf": "100x30"})),
        Case(alert, "only copies for a shadow are slow", took(service, slow, "rule/0-mirror-0")),
        Case(alert, "another service is slow", took("another", slow)),
        Case(alert, "there are no series"),
    ]


ERRORS = "InferenceErrorRateHigh"
READY = "InferenceServiceNotReady"
COLD = "ScaleFromZeroSlow"
CRITICAL = ({"severity": "critical"},)
V1 = "smollm-text-generation-v1-predictor"

CASES = [
    *_slow_cases("MnistLatencyP95High", MNIST, "100", "250"),
    *_slow_cases("SmolLMLatencyP95High", SMOLLM, "500", "1000"),
    Case(ERRORS, "two in a hundred fail", answers(MNIST, c2="0+98x30", c5="0+2x30"), firing=({"service": MNIST, "severity": "warning"},)),
    Case(ERRORS, "of one version's own rule too", answers(SMOLLM, "rule/1/backend/0", c2="0+98x30", c5="0+2x30"), firing=WARNING),
    Case(ERRORS, "no server is there, so that only the gateway answers", answers(SMOLLM, c5="0+5x30"), firing=({"service": SMOLLM},)),
    Case(ERRORS, "two in a hundred, for 2 minutes", answers(MNIST, c2="0+98x30", c5="0+2x30"), at="3m"),
    Case(ERRORS, "eight in a thousand fail", answers(MNIST, c2="0+992x30", c5="0+8x30")),
    Case(ERRORS, "users make mistakes", answers(MNIST, c2="0+50x30", c4="0+50x30")),
    Case(ERRORS, "no request has ever failed", answers(MNIST, c2="0+100x30")),
    Case(ERRORS, "only copies for a shadow fail", answers(SMOLLM, "rule/0-mirror-0", c5="0+50x30") | answers(SMOLLM, c2="0+50x30")),
    Case(ERRORS, "there are no series"),
    Case(READY, "a version has no pod", deployment(V1, 1, 0), at="20m", firing=({"severity": "critical", "deployment": V1},)),
    Case(READY, "a revision has no pod", deployment("mnist-classifier-predictor-00002-deployment", 1, 0), at="20m", firing=CRITICAL),
    Case(READY, "it has been starting for 10 minutes", deployment(V1, 1, 0), at="10m"),
    Case(READY, "one of two pods is there", deployment(V1, 2, 1), at="20m"),
    Case(READY, "it is scaled to zero", deployment(V1, 0, 0), at="20m"),
    Case(READY, "something else has no pod", deployment("grafana", 1, 0), at="20m"),
    Case(READY, "there are no series"),
    Case(COLD, "wanted and not there", revision(desired="1x20", count="0x20"), at="5m", firing=WARNING),
    Case(COLD, "for a minute", revision(desired="1x20", count="0x20"), at="1m"),
    Case(COLD, "one of three is there", revision(desired="3x20", count="1x20"), at="5m"),
    Case(COLD, "nobody wants it", revision(desired="0x20", count="0x20"), at="5m"),
    Case(COLD, "nobody counts its pods", revision(desired="1x20"), at="5m"),
    Case(COLD, "there are no series"),
]
