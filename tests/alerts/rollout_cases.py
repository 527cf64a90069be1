"""Cases of a candidate beside the stable version: worse, as bad, or with few requests."""

from __future__ import annotations

from tests.alerts.case import Case, Series, histogram
from tests.models import CLASSIFIER, TEXT_GENERATION

ERRORS, SLOWER = "CanaryErrorRateHigher", "CanaryLatencyRegression"
OLD, NEW = f"{CLASSIFIER}-predictor-00001", f"{CLASSIFIER}-predictor-00002"
V1, V2 = TEXT_GENERATION, f"{TEXT_GENERATION}-v2"
WORSE = ({"severity": "critical", "service": CLASSIFIER, "variant": NEW},)
V2_WORSE = ({"severity": "critical", "service": TEXT_GENERATION, "variant": V2},)


def knative(revision: str, ok: str, failed: str | None = None, code: str = "500") -> Series:
    labels = f'namespace="default",model="{CLASSIFIER}",inferenceservice="{CLASSIFIER}",revision="{revision}"'
    counts = {"200": ok, **({code: failed} if failed else {})}
    return {
        f'kn_serving_invocation_duration_seconds_count{{{labels},http_response_status_code="{code}"}}': values
        for code, values in counts.items()
    }


def vllm(version: str, ok: str, failed: str | None = None, status: str = "5xx", model: str = TEXT_GENERATION) -> Series:
    labels = f'namespace="default",model="{model}",inferenceservice="{version}",handler="/v1/completions",method="POST"'
    counts = {"2xx": ok, **({status: failed} if failed else {})}
    return {f'http_requests_total{{{labels},status="{status}"}}': values for status, values in counts.items()}


def took(revision: str, within_50_ms: str, count: str) -> Series:
    own = f'namespace="default",model="{CLASSIFIER}",inferenceservice="{CLASSIFIER}",revision="{revision}"'
    labels = f'{own},http_response_status_code="200"'
    return histogram("kn_serving_invocation_duration_seconds", labels, {"0.05": within_50_ms, "0.5": count, "+Inf": count})


QUICK = took(OLD, "0+600x30", "0+600x30")
CASES = [
    Case(
        ERRORS, "the candidate fails, the stable one never has", knative(OLD, "0+600x30") | knative(NEW, "0+50x30", "0+10x30"), firing=WORSE
    ),
    Case(
        ERRORS,
        "the candidate fails four times as often",
        knative(OLD, "0+990x30", "0+10x30") | knative(NEW, "0+96x30", "0+4x30"),
        firing=WORSE,
    ),
    Case(ERRORS, "a version of a text model fails", vllm(V1, "0+60x30") | vllm(V2, "0+30x30", "0+30x30"), firing=V2_WORSE),
    Case(ERRORS, "for 2 minutes", knative(OLD, "0+600x30") | knative(NEW, "0+50x30", "0+10x30"), at="2m"),
    Case(ERRORS, "both fail alike", knative(OLD, "0+500x30", "0+100x30") | knative(NEW, "0+50x30", "0+10x30")),
    Case(ERRORS, "one and a half percent", knative(OLD, "0+600x30") | knative(NEW, "0+985x30", "0+15x30"), firing=WORSE),
    Case(ERRORS, "half a percent", knative(OLD, "0+600x30") | knative(NEW, "0+995x30", "0+5x30")),
    Case(ERRORS, "it is alone, so that there is nothing to roll back to", knative(NEW, "0+50x30", "0+10x30")),
    Case(ERRORS, "hardly anybody asks it", knative(OLD, "0+600x30") | knative(NEW, "0+2x30", "0+2x30")),
    Case(
        ERRORS,
        "a version of a text model refuses what the stable one answers",
        vllm(V1, "0+60x30") | vllm(V2, "0+30x30", "0+30x30", "4xx"),
        firing=V2_WORSE,
    ),
    Case(
        ERRORS,
        "a revision refuses what the stable one answers",
        knative(OLD, "0+600x30") | knative(NEW, "0+50x30", "0+10x30", "422"),
        firing=WORSE,
    ),
    Case(
        ERRORS,
        "users of both make the same mistakes",
        vllm(V1, "0+500x30", "0+100x30", "4xx") | vllm(V2, "0+50x30", "0+10x30", "4xx"),
    ),
    Case(
        ERRORS,
        "a model of another stack refuses requests",
        vllm(V1, "0+60x30") | vllm("another", "0+30x30", "0+30x30", "4xx", model="another"),
    ),
    Case(ERRORS, "there are no series"),
    Case(
        SLOWER,
        "the candidate is slower",
        QUICK | took(NEW, "0+10x30", "0+60x30") | knative(OLD, "0+600x30") | knative(NEW, "0+60x30"),
        firing=({"severity": "warning", "variant": NEW},),
    ),
    Case(
        SLOWER,
        "few ask it, one in seven seconds",
        QUICK | took(NEW, "0+1x30", "0+9x30") | knative(OLD, "0+600x30") | knative(NEW, "0+9x30"),
        firing=({"severity": "warning", "variant": NEW},),
    ),
    Case(SLOWER, "for 3 minutes", QUICK | took(NEW, "0+10x30", "0+60x30"), at="5m"),
    Case(SLOWER, "both are as slow", took(OLD, "0+100x30", "0+600x30") | took(NEW, "0+10x30", "0+60x30")),
    Case(SLOWER, "hardly anybody asks it", QUICK | took(NEW, "0+1x30", "0+4x30")),
    Case(SLOWER, "it is alone", took(NEW, "0+10x30", "0+60x30")),
    Case(SLOWER, "there are no series"),
]
