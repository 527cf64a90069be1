"""Compares the versions of one model with each other, under the same recorded names in both modes.

Each server counts its own answers, so a shadow is compared too, although its answers are discarded.
"""

from __future__ import annotations

from components.observability.queries import servers
from components.observability.rules import Alert, Group, Record, about
from components.serving.model import Model
from components.serving.servers.server import RequestSeries

WINDOW = "3m"
REQUESTS = "variant:requests:rate3m"
ERRORS = "variant:error_ratio:rate3m"
LATENCY = "variant:latency_seconds:p95_3m"

WORSE_ERRORS = 2
ERROR_FLOOR = 0.01
WORSE_LATENCY = 1.5
ENOUGH_PER_SECOND = 0.1
"""Requests per second. A variant with fewer is not judged: one slow answer would be its P95."""

QUEUE_PROXY = RequestSeries(
    # knative/serving:pkg/queue/request_metric.go@knative-v1.21.1
    counter="kn_serving_invocation_duration_seconds_count",
    failed='http_response_status_code=~"[45].."',
    histogram="kn_serving_invocation_duration_seconds",
)


class Variants(RequestSeries):
    """The series that compare a model's versions. `label`: the label of these series by which versions differ.

    A 4xx counts as failed, because a version may refuse requests that the stable one answers. Users' own mistakes hit all versions
    alike, and only a difference between versions is judged.
    """

    model: Model
    label: str


def variants_of(model: Model) -> Variants | None:
    """Return the series that compare the model's versions; None in Standard mode for a server that does not count its requests."""
    series = QUEUE_PROXY if model.entry.on_knative else model.entry.server.series
    if series is None:
        return None
    return Variants(model=model, label="revision" if model.entry.on_knative else "inferenceservice", **series.model_dump())


def recorded(variants: Variants) -> Group:
    """Return rules that record under the labels `service` and `variant`, which the dashboards and a rollout's own judgement read."""
    answered, failed = _rate(variants, variants.answered), _rate(variants, variants.answered, variants.failed)
    buckets = f"sum by (le, {variants.label}) (rate({variants.histogram}_bucket{{{_selector(variants)}}}[{WINDOW}]))"
    queries = {
        REQUESTS: answered,
        ERRORS: f"({failed} or 0 * {answered}) / ({answered} > 0)",
        LATENCY: f"histogram_quantile(0.95, {buckets})",
    }
    return Group(
        name=f"variants-{variants.model.name}",
        rules=[Record(name=name, expr=_named(query, variants.label), labels=about(variants.model)) for name, query in queries.items()],
    )


def _rate(variants: Variants, *matchers: str) -> str:
    return f"sum by ({variants.label}) (rate({variants.counter}{{{_selector(variants, *matchers)}}}[{WINDOW}]))"


def _selector(variants: Variants, *matchers: str) -> str:
    return ",".join(filter(None, (servers(variants.model), f'{variants.label}!=""', *matchers)))


def _named(query: str, label: str) -> str:
    """Rename the label. There is one series for each variant already, so `max` drops nothing."""
    return f'max by (variant) (label_replace({query}, "variant", "$1", "{label}", "(.+)"))'


def comparison() -> Group:
    """Compare every variant with the best one of its service. A service with one variant is never worse than itself."""
    judged = f"and on (namespace, service, variant) {REQUESTS} > {ENOUGH_PER_SECOND:g}"
    return Group(
        name="rollouts",
        rules=[
            Alert(
                name="CanaryErrorRateHigher",
                expr=f"{ERRORS} > {ERROR_FLOOR:g} and {_worse(ERRORS, WORSE_ERRORS)} {judged}",
                lasting="3m",
                severity="critical",
                summary="{{ $labels.service }}: {{ $labels.variant }} fails more than twice as often as the best version",
                description=(
                    "{{ $value | humanizePercentage }} of the answers of {{ $labels.variant }} have failed, by 4xx or 5xx. "
                    "If it is the candidate, roll back: set its weight to 0. If it is the stable one, do not promote in a hurry."
                ),
            ),
            Alert(
                name="CanaryLatencyRegression",
                expr=f"{_worse(LATENCY, WORSE_LATENCY)} {judged}",
                lasting="5m",
                severity="warning",
                summary="{{ $labels.service }}: {{ $labels.variant }} takes more than 1.5 times as long as the best version",
                description=(
                    "The P95 of {{ $labels.variant }} is {{ $value | humanizeDuration }}. Hold the rollout and compare CPU or GPU, "
                    "batch sizes and the length of the answers before more requests go there."
                ),
            ),
        ],
    )


def _worse(metric: str, times: float) -> str:
    return f"{metric} > on (namespace, service) group_left () ({times:g} * min by (namespace, service) ({metric}))"
