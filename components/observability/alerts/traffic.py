"""Alerts on faults that users of a model notice: slow answers, failed ones, and missing pods."""

from __future__ import annotations

from components.observability.queries import LATENCY, deployments, error_ratio, quantile, requests, route
from components.observability.rules import Alert, Group, about
from components.serving.model import Model

WINDOW = "5m"
ERROR_CEILING = 0.01


def traffic(model: Model) -> Group:
    return Group(name=f"traffic-{model.name}", rules=[_slow(model), _failing(model), _not_ready(model)])


def _slow(model: Model) -> Alert:
    milliseconds = model.entry.objective.latency_seconds * 1000
    busy = f"sum(rate({LATENCY}_count{{{route(model)}}}[{WINDOW}])) > 0"
    return Alert(
        name="LatencyP95High",
        expr=f"{quantile(model, 0.95, WINDOW)} > {milliseconds:g} and on () {busy}",
        lasting="5m",
        severity="warning",
        labels=about(model),
        summary=f"{model.name}: 5 % of the answers take longer than {milliseconds:g} ms",
        description=(
            "The P95 at the gateway is {{ $value | humanize }} ms. Look on the model's dashboard whether replicas are at their maximum, "
            "then whether CPU, GPU or a queue is full."
        ),
    )


def _failing(model: Model) -> Alert:
    return Alert(
        name="InferenceErrorRateHigh",
        expr=f"{error_ratio(model, WINDOW)} > {ERROR_CEILING:g} and on () {requests(model, WINDOW)} > 0",
        lasting="5m",
        severity="warning",
        labels=about(model),
        summary=f"{model.name}: more than 1 % of the requests fail",
        description=(
            "{{ $value | humanizePercentage }} of the answers at the gateway are server errors. "
            "Look at pods that restart or are not ready; if a rollout is under way, roll it back."
        ),
    )


def _not_ready(model: Model) -> Alert:
    selector = deployments(model)
    wanted = f"kube_deployment_spec_replicas{{{selector}}} > 0"
    return Alert(
        name="InferenceServiceNotReady",
        expr=f"kube_deployment_status_replicas_available{{{selector}}} == 0 and on (namespace, deployment) {wanted}",
        # To start a GPU node, pull 10 GB of image and load a model takes longer than a few minutes, and is no failure.
        lasting="15m",
        severity="critical",
        labels=about(model),
        summary=f"{model.name}: {{{{ $labels.deployment }}}} has had no ready pod for 15 minutes",
        description="Requests to it fail. Ask `kubectl describe pod` why its pods do not start: no node, no image, no model, no memory.",
    )
