"""Cases of failures and delays that users of a model notice."""

from __future__ import annotations

from tests.alerts.case import Case, Series, histogram
from tests.models import CHAT, CLASSIFIER, TEXT_GENERATION

SLOW, ERRORS, READY = "LatencyP95High", "InferenceErrorRateHigh", "InferenceServiceNotReady"
V1, V2 = f"{TEXT_GENERATION}-predictor", f"{TEXT_GENERATION}-v2-predictor"
WARNING = ({"severity": "warning"},)


def answers(service: str, rule: str = "rule/0", **by_class: str) -> Series:
    """Return counts at the gateway; `c2="0+95x30"` are answers 2xx."""
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


def _slow_cases(service: str, limit: str, above: str) -> list[Case]:
    slow = {limit: "0+90x30", above: "0+100x30", "+Inf": "0+100x30"}
    return [
        Case(SLOW, "one in ten is slow", took(service, slow), firing=({"severity": "warning", "service": service},)),
        Case(
            SLOW,
            "Prometheus 3 wrote the bounds",
            took(service, {f"{key}.0": slow[key] for key in (limit, above)} | {"+Inf": slow["+Inf"]}),
            firing=WARNING,
        ),
        Case(SLOW, "it has been so for 2 minutes only", took(service, slow), at="2m"),
        Case(SLOW, "three in a hundred are slow", took(service, {limit: "0+97x30", above: "0+100x30", "+Inf": "0+100x30"})),
        Case(SLOW, "nobody asks", took(service, {limit: "80x30", above: "100x30", "+Inf": "100x30"})),
        Case(SLOW, "only copies for a shadow are slow", took(service, slow, "rule/0-mirror-0")),
        Case(SLOW, "a model of another stack, whose name begins alike, is slow", took(f"{service}-9", slow)),
        Case(SLOW, "there are no series"),
    ]


CRITICAL = ({"severity": "critical"},)

CASES = [
    *_slow_cases(CLASSIFIER, "100", "250"),
    *_slow_cases(TEXT_GENERATION, "500", "1000"),
    Case(
        ERRORS,
        "two in a hundred fail",
        answers(CLASSIFIER, c2="0+98x30", c5="0+2x30"),
        firing=({"service": CLASSIFIER, "severity": "warning"},),
    ),
    Case(ERRORS, "of one version's own rule too", answers(TEXT_GENERATION, "rule/1/backend/0", c2="0+98x30", c5="0+2x30"), firing=WARNING),
    Case(
        ERRORS,
        "no server is there, so that only the gateway answers",
        answers(TEXT_GENERATION, c5="0+5x30"),
        firing=({"service": TEXT_GENERATION},),
    ),
    Case(ERRORS, "two in a hundred, for 2 minutes", answers(CLASSIFIER, c2="0+98x30", c5="0+2x30"), at="3m"),
    Case(ERRORS, "eight in a thousand fail", answers(CLASSIFIER, c2="0+992x30", c5="0+8x30")),
    Case(ERRORS, "users make mistakes", answers(CLASSIFIER, c2="0+50x30", c4="0+50x30")),
    Case(ERRORS, "no request has ever failed", answers(CLASSIFIER, c2="0+100x30")),
    Case(
        ERRORS,
        "only copies for a shadow fail",
        answers(TEXT_GENERATION, "rule/0-mirror-0", c5="0+50x30") | answers(TEXT_GENERATION, c2="0+50x30"),
    ),
    Case(ERRORS, "there are no series"),
    Case(READY, "a version has no pod", deployment(V1, 1, 0), at="20m", firing=({"severity": "critical", "deployment": V1},)),
    Case(READY, "a revision has no pod", deployment("mnist-classifier-predictor-00002-deployment", 1, 0), at="20m", firing=CRITICAL),
    Case(READY, "the candidate has no pod", deployment(V2, 1, 0), at="20m", firing=({"severity": "critical", "service": TEXT_GENERATION},)),
    Case(READY, "the other language model has no pod", deployment(f"{CHAT}-predictor", 1, 0), at="20m", firing=({"service": CHAT},)),
    Case(READY, "a model of another stack, whose name begins alike, has no pod", deployment(f"{CHAT}-9-predictor", 1, 0), at="20m"),
    Case(READY, "it has been starting for 10 minutes", deployment(V1, 1, 0), at="10m"),
    Case(READY, "one of two pods is there", deployment(V1, 2, 1), at="20m"),
    Case(READY, "it is scaled to zero", deployment(V1, 0, 0), at="20m"),
    Case(READY, "something else has no pod", deployment("grafana", 1, 0), at="20m"),
    Case(READY, "there are no series"),
]
