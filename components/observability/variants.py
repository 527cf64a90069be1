"""What runs beside what: the revisions of a Knative service, the versions of a model on vLLM, compared under the same names.

Each server counts what it answered itself, so a shadow, whose answers reach nobody, is compared too.
"""

from __future__ import annotations

from components.base import Args
from components.observability.queries import ServedModel
from components.observability.rules import Alert, Group, Record

WINDOW = "3m"
REQUESTS = "variant:requests:rate3m"
ERRORS = "variant:error_ratio:rate3m"
LATENCY = "variant:latency_seconds:p95_3m"

WORSE_ERRORS = 2
ERROR_FLOOR = 0.01
WORSE_LATENCY = 1.5
ENOUGH_PER_SECOND = 0.1
"""A variant with fewer requests is judged by nobody: one slow answer would be its P95."""


class Variants(Args):
    """`label`: of the series, by which variants differ. `failed`: what a request that failed is counted under."""

    model: ServedModel
    label: str
    counter: str
    answered: str
    failed: str
    histogram: str


def revisions(model: ServedModel) -> Variants:
    """Knative mode, by the queue proxies (knative/serving:pkg/queue/request_metric.go@knative-v1.21.1)."""
    return Variants(
        model=model,
        label="revision",
        counter="kn_serving_invocation_duration_seconds_count",
        answered="",
        failed='http_response_status_code=~"5.."',
        histogram="kn_serving_invocation_duration_seconds",
    )


def versions(model: ServedModel) -> Variants:
    """Standard mode, by vLLM's HTTP server (vllm:vllm/entrypoints/serve/instrumentator/metrics.py@v0.32.0)."""
    return Variants(
        model=model,
        label="inferenceservice",
        counter="http_requests_total",
        answered='handler=~"/v1/.+"',
        failed='status="5xx"',
        histogram="vllm:e2e_request_latency_seconds",
    )


def recorded(variants: Variants) -> Group:
    """Under the labels `service` and `variant`; the rollout dashboard and a rollout's own judgement read them."""
    answered, failed = _rate(variants, variants.answered), _rate(variants, variants.answered, variants.failed)
    buckets = f"sum by (le, {variants.label}) (rate({variants.histogram}_bucket{{{_selector(variants)}}}[{WINDOW}]))"
    queries = {
        REQUESTS: answered,
        ERRORS: f"({failed} or 0 * {answered}) / ({answered} > 0)",
        LATENCY: f"histogram_quantile(0.95, {buckets})",
    }
    labels = {"service": variants.model.name, "namespace": variants.model.namespace}
    return Group(
        name=f"variants-{variants.model.name}",
        rules=[Record(name=name, expr=_named(query, variants.label), labels=labels) for name, query in queries.items()],
    )


def _rate(variants: Variants, *matchers: str) -> str:
    return f"sum by ({variants.label}) (rate({variants.counter}{{{_selector(variants, *matchers)}}}[{WINDOW}]))"


def _selector(variants: Variants, *matchers: str) -> str:
    return ",".join(filter(None, (variants.model.servers, f'{variants.label}!=""', *matchers)))


def _named(query: str, label: str) -> str:
    """One series for each variant already; only its label gets the common name."""
    return f'max by (variant) (label_replace({query}, "variant", "$1", "{label}", "(.+)"))'


def comparison() -> Group:
    """Of every variant with the best one of its service. A service with one variant is never worse than itself."""
    judged = f"and on (service, variant) {REQUESTS} > {ENOUGH_PER_SECOND:g}"
    return Group(
        name="rollouts",
        rules=[
            Alert(
                name="CanaryErrorRateHigher",
                expr=f"{ERRORS} > {ERROR_FLOOR:g} and {ERRORS} > on (service) group_left () ({WORSE_ERRORS:g} * {_best(ERRORS)}) {judged}",
                lasting="3m",
                severity="critical",
                summary="{{ $labels.service }}: {{ $labels.variant }} fails more than twice as often as what runs beside it",
                description=(
                    "{{ $value | humanizePercentage }} of the answers of {{ $labels.variant }} are server errors. "
                    "If it is the candidate, roll back: its weight or percent to 0. If it is the stable one, do not promote in a hurry."
                ),
            ),
            Alert(
                name="CanaryLatencyRegression",
                expr=f"{LATENCY} > on (service) group_left () ({WORSE_LATENCY:g} * {_best(LATENCY)}) {judged}",
                lasting="5m",
                severity="warning",
                summary="{{ $labels.service }}: {{ $labels.variant }} is half as slow again as what runs beside it",
                description=(
                    "The P95 of {{ $labels.variant }} is {{ $value | humanizeDuration }}. Hold the rollout and compare CPU or GPU, "
                    "batch sizes and the length of the answers before more requests go there."
                ),
            ),
        ],
    )


def _best(metric: str) -> str:
    return f"min by (service) ({metric})"
