"""A candidate beside what was there: worse, as bad, or hardly asked."""

from __future__ import annotations

from tests.alerts.case import Case, Series, histogram

ERRORS, SLOWER = "CanaryErrorRateHigher", "CanaryLatencyRegression"
OLD, NEW = "mnist-classifier-predictor-00001", "mnist-classifier-predictor-00002"
V1, V2 = "smollm-text-generation-v1", "smollm-text-generation-v2"
WORSE = ({"severity": "critical", "service": "mnist-classifier", "variant": NEW},)
V2_WORSE = ({"severity": "critical", "service": "smollm-text-generation", "variant": V2},)


def knative(revision: str, ok: str, failed: str | None = None) -> Series:
    labels = f'namespace="default",inferenceservice="mnist-classifier",revision="{revision}"'
    counts = {"200": ok, **({"500": failed} if failed else {})}
    return {
        f'kn_serving_invocation_duration_seconds_count{{{labels},http_response_status_code="{code}"}}': values
        for code, values in counts.items()
    }


def vllm(version: str, ok: str, failed: str | None = None) -> Series:
    labels = f'namespace="default",inferenceservice="{version}",handler="/v1/completions",method="POST"'
    counts = {"2xx": ok, **({"5xx": failed} if failed else {})}
    return {f'http_requests_total{{{labels},status="{status}"}}': values for status, values in counts.items()}


def took(revision: str, within_50_ms: str, count: str) -> Series:
    labels = f'namespace="default",inferenceservice="mnist-classifier",revision="{revision}",http_response_status_code="200"'
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
        "users of it make mistakes",
        vllm(V1, "0+60x30") | {series.replace("5xx", "4xx"): values for series, values in vllm(V2, "0+30x30", "0+30x30").items()},
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
