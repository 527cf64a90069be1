"""What users notice: slow answers, failed ones, and services that no pod stands behind."""

from __future__ import annotations

from components.observability.queries import LATENCY, ServedModel, error_ratio, quantile, requests
from components.observability.rules import Alert, Group
from components.observability.slo import Objective

WINDOW = "5m"
ERROR_CEILING = 0.01


def traffic(objectives: dict[str, Objective]) -> Group:
    """`objectives`: by the word that the names of their alerts begin with."""
    alerts = [alert for prefix, objective in objectives.items() for alert in (_slow(prefix, objective), _failing(objective.model))]
    return Group(name="traffic", rules=[*alerts, *[_not_ready(objective.model) for objective in objectives.values()], _cold_start()])


def _slow(prefix: str, objective: Objective) -> Alert:
    model, milliseconds = objective.model, objective.seconds * 1000
    busy = f"sum(rate({LATENCY}_count{{{model.route}}}[{WINDOW}])) > 0"
    return Alert(
        name=f"{prefix}LatencyP95High",
        expr=f"{quantile(model, 0.95, WINDOW)} > {milliseconds:g} and on () {busy}",
        lasting="5m",
        severity="warning",
        labels=_of(model),
        summary=f"{model.name}: 5 % of the answers take longer than {milliseconds:g} ms",
        description=(
            "The P95 at the gateway is {{ $value | humanize }} ms. Look on the service's dashboard whether replicas are at their maximum, "
            "then whether CPU, GPU or a queue is full."
        ),
    )


def _failing(model: ServedModel) -> Alert:
    return Alert(
        name="InferenceErrorRateHigh",
        expr=f"{error_ratio(model, WINDOW)} > {ERROR_CEILING:g} and on () {requests(model, WINDOW)} > 0",
        lasting="5m",
        severity="warning",
        labels=_of(model),
        summary=f"{model.name}: more than 1 % of the requests fail",
        description=(
            "{{ $value | humanizePercentage }} of the answers at the gateway are server errors. "
            "Look at pods that restart or are not ready; if a rollout is under way, roll it back."
        ),
    )


def _not_ready(model: ServedModel) -> Alert:
    wanted = f"kube_deployment_spec_replicas{{{model.deployments}}} > 0"
    return Alert(
        name="InferenceServiceNotReady",
        expr=f"kube_deployment_status_replicas_available{{{model.deployments}}} == 0 and on (namespace, deployment) {wanted}",
        # A GPU node, 10 GB of image and the load of a model take longer than a few minutes, and are no failure.
        lasting="15m",
        severity="critical",
        labels=_of(model),
        summary=f"{model.name}: {{{{ $labels.deployment }}}} has had no ready pod for 15 minutes",
        description="Requests to it fail. Ask `kubectl describe pod` why its pods do not start: no node, no image, no model, no memory.",
    )


def _cold_start() -> Alert:
    """Of revisions, by Knative's autoscaler; the count is that of ready pods
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


def _of(model: ServedModel) -> dict[str, str]:
    return {"service": model.name, "namespace": model.namespace}
