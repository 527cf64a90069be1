"""Rules for models, their autoscalers and their routes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from policies.rules.containers import GPU
from policies.rules.pods import INFERENCE_SERVICE, containers, namespace
from policies.rules.resource import Resource, value_at
from policies.rules.rule import Rule, StackRule
from policies.settings import Settings

SCALED_OBJECT = "kubernetes:keda.sh/v1alpha1:ScaledObject"
AUTOSCALER = "kubernetes:autoscaling/v2:HorizontalPodAutoscaler"
ROUTE = "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute"
MODE = "serving.kserve.io/deploymentMode"
MODES = ("Standard", "Knative")
AUTOSCALER_CLASS = "serving.kserve.io/autoscalerClass"
NO_AUTOSCALER = ("external", "none")
"""Autoscaler classes for which KServe creates no autoscaler (kserve:pkg/constants/constants.go@v0.20.0)."""
AGGREGATES = ("sum", "max", "min", "avg", "count", "histogram_quantile", "scalar")
KSERVE = "https://kserve.github.io/website/docs/model-serving/control-plane/"
KEDA = "https://keda.sh/docs/latest/reference/scaledobject-spec/"


def _says_mode(resource: Resource, _settings: Settings) -> Iterator[str]:
    mode = _annotation(resource, MODE)
    if mode not in MODES:
        yield f"metadata.annotations[{MODE}] is {mode or 'not set'}, not one of {', '.join(MODES)}"


def _bounds(resource: Resource, _settings: Settings) -> Iterator[str]:
    at, names = ("spec", ("minReplicaCount", "maxReplicaCount"))
    if resource.type == INFERENCE_SERVICE:
        at, names = "spec.predictor", ("minReplicas", "maxReplicas")
    least, most = (resource.get(f"{at}.{name}") for name in names)
    if least is not None and most is not None and least > most:
        yield f"{at}.{names[0]} {least:g} is above {names[1]} {most:g}"
    if resource.type == SCALED_OBJECT and most is None:
        yield f"{at}.{names[1]} is not set: KEDA's default is 100 replicas"


def _never_zero(resource: Resource, _settings: Settings) -> Iterator[str]:
    least = resource.get("spec.minReplicaCount", 0)
    if least < 1:
        yield f"spec.minReplicaCount is {least:g}: a model that does not run exports no metric that could wake it"


def _canary_percent(resource: Resource, settings: Settings) -> Iterator[str]:
    percent = resource.get("spec.predictor.canaryTrafficPercent")
    if percent is None:
        return
    if not 0 <= percent <= 100:
        yield f"spec.predictor.canaryTrafficPercent {percent:g} is not within 0 and 100"
    elif percent == 100 and not settings.full_canary_allowed:
        yield "spec.predictor.canaryTrafficPercent 100 sends everybody to the new model at once"


def _canary_mode(resource: Resource, _settings: Settings) -> Iterator[str]:
    if resource.get("spec.predictor.canaryTrafficPercent") is not None and _annotation(resource, MODE) != "Knative":
        yield "spec.predictor.canaryTrafficPercent does nothing outside of Knative mode"


def _model_address(resource: Resource, settings: Settings) -> Iterator[str]:
    for path in ("spec.predictor.model.storageUri", "spec.predictor.storageUri"):
        address = resource.get(path)
        if address is not None and not address.startswith(settings.model_schemes):
            yield f"{path} {address} is not below {' or '.join(settings.model_schemes)}"


def _in_a_models_namespace(resource: Resource, settings: Settings) -> Iterator[str]:
    if namespace(resource) in settings.control_plane_namespaces:
        yield f"metadata.namespace {namespace(resource)} is the control plane's"


def _rollout(resource: Resource, _settings: Settings) -> Iterator[str]:
    if _annotation(resource, MODE) == "Knative":
        yield "in Knative mode the new pod starts beside the old one, for which no GPU is free"
    elif (surge := resource.get("spec.predictor.deploymentStrategy.rollingUpdate.maxSurge")) != 0:
        yield f"spec.predictor.deploymentStrategy.rollingUpdate.maxSurge is {'not set' if surge is None else surge}, not 0"


def _wants_gpu(resource: Resource, _settings: Settings) -> bool:
    return any(container.amount("limits", GPU) or container.amount("requests", GPU) for _, container in containers(resource))


def _one_autoscaler(resources: Sequence[Resource], _settings: Settings) -> Iterator[tuple[str, Resource | None]]:
    scalers: dict[tuple[str, str], list[Resource]] = defaultdict(list)
    for resource in resources:
        if (target := _target(resource)) is not None:
            scalers[namespace(resource), target].append(resource)
    for (_, target), several in scalers.items():
        for later in several[1:]:
            yield f"{several[0].kind} {several[0].name} scales {target} too: each undoes the other's changes", later


def _target(resource: Resource) -> str | None:
    """The Deployment whose replicas this resource sets, directly or through KServe."""
    if resource.type != INFERENCE_SERVICE:
        return str(resource.get("spec.scaleTargetRef.name"))
    if _annotation(resource, AUTOSCALER_CLASS) in NO_AUTOSCALER:
        return None
    return f"{resource.get('metadata.name', resource.name)}-predictor"


def _queries(resource: Resource, _settings: Settings) -> Iterator[str]:
    for position, metadata in _prometheus(resource):
        query = str(value_at(metadata, "query", ""))
        if query.split("(")[0].split()[:1] not in [[aggregate] for aggregate in AGGREGATES]:
            yield f"spec.triggers[{position}].metadata.query may answer with a series per pod: {query}"


def _absent_is_no_zero(resource: Resource, _settings: Settings) -> Iterator[str]:
    for position, metadata in _prometheus(resource):
        if value_at(metadata, "ignoreNullValues") != "false":
            yield f'spec.triggers[{position}].metadata.ignoreNullValues is not "false": a broken scrape looks like no load'


def _prometheus(resource: Resource) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for position, trigger in enumerate(resource.get("spec.triggers", [])):
        if trigger["type"] == "prometheus":
            yield position, trigger["metadata"]


def _fallback(resource: Resource, _settings: Settings) -> Iterator[str]:
    replicas = resource.get("spec.fallback.replicas")
    if replicas is None:
        yield "spec.fallback is not set: nothing scales while Prometheus is away"
    elif replicas < resource.get("spec.minReplicaCount", 0):
        yield f"spec.fallback.replicas {replicas:g} is below spec.minReplicaCount"


def _weights(resource: Resource, _settings: Settings) -> Iterator[str]:
    for position, rule in enumerate(resource.get("spec.rules", [])):
        weights = [value_at(backend, "weight") for backend in value_at(rule, "backendRefs", [])]
        given = [weight for weight in weights if weight is not None]
        if given and (len(given) < len(weights) or sum(given) != 100):
            said = " + ".join("unset" if weight is None else f"{weight:g}" for weight in weights)
            yield f"spec.rules[{position}].backendRefs weigh {said}, not 100"


def _annotation(resource: Resource, key: str) -> Any:  # noqa: ANN401 - text, or whatever was given for it
    annotations = resource.get("metadata.annotations", {})
    return annotations.get(key)


RULES: tuple[Rule | StackRule, ...] = (
    Rule(
        name="model-mode-said",
        title="An InferenceService states its deployment mode",
        why="The cluster's default may change, and KServe refuses a later change of the mode.",
        fix=f"Set the annotation {MODE} to Standard or Knative.",
        severity="high",
        types=(INFERENCE_SERVICE,),
        check=_says_mode,
        reference=KSERVE,
    ),
    Rule(
        name="model-namespace",
        title="No model runs in a namespace of the control plane",
        why="A model's pod runs downloaded code; beside a controller's key, one vulnerability opens the cluster.",
        fix="Give the service a separate namespace.",
        severity="high",
        types=(INFERENCE_SERVICE,),
        check=_in_a_models_namespace,
    ),
    Rule(
        name="model-address",
        title="A model comes from the store or from the Hugging Face hub",
        why="Models from other sites are neither scanned nor versioned, and disappear with their site.",
        fix="Publish the model and name it `s3://<bucket>/<key>`, or name its repository `hf://<organisation>/<repository>`.",
        severity="high",
        types=(INFERENCE_SERVICE,),
        check=_model_address,
        reference=KSERVE,
    ),
    Rule(
        name="replica-bounds",
        title="Minimum replicas do not exceed maximum replicas, and a maximum is set",
        why="An autoscaler refuses contradicting bounds only after the deployment, and without a maximum a bad query buys every GPU.",
        fix="Correct the service's `replicas` in the stack file.",
        severity="high",
        types=(INFERENCE_SERVICE, SCALED_OBJECT),
        check=_bounds,
    ),
    Rule(
        name="keda-never-zero",
        title="KEDA keeps at least one replica of each model",
        why="The queue metric comes from the model's own pod: without a pod there is no metric, and nothing starts one.",
        fix="Set `replicas.min` to 1 or more.",
        severity="high",
        types=(SCALED_OBJECT,),
        check=_never_zero,
        reference="https://github.com/kedacore/keda/issues/7239",
    ),
    Rule(
        name="canary-percent",
        title="A canary gets a share of the traffic, in prod never all of it",
        why="A canary share of 100 % is a rollout without a canary.",
        fix="Set the share below 100, and promote the version after it has proven itself.",
        severity="high",
        types=(INFERENCE_SERVICE,),
        check=_canary_percent,
        reference=KSERVE,
    ),
    Rule(
        name="canary-in-knative",
        title="Only Knative mode has a canary percentage",
        why="In Standard mode, KServe ignores it: all users get the new model although the stack file says ten percent.",
        fix="Use `versions` with weights behind the gateway, or Knative mode.",
        severity="high",
        types=(INFERENCE_SERVICE,),
        check=_canary_mode,
        reference=KSERVE,
    ),
    Rule(
        name="gpu-rollout",
        title="A rollout of a GPU model needs no additional GPU",
        why="Otherwise the new pod waits for a GPU that the old pod releases only once the new one is ready.",
        fix="Set deploymentStrategy.rollingUpdate to maxSurge 0 and maxUnavailable 1.",
        severity="high",
        types=(INFERENCE_SERVICE,),
        check=_rollout,
        applies=_wants_gpu,
        reference="https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#max-surge",
    ),
    StackRule(
        name="one-autoscaler",
        title="A Deployment has one autoscaler",
        why="Two autoscalers overwrite each other's replicas, and the model starts and stops for ever.",
        fix=f"Remove one, or set {AUTOSCALER_CLASS}: external on the InferenceService.",
        severity="high",
        types=(INFERENCE_SERVICE, SCALED_OBJECT, AUTOSCALER),
        check=_one_autoscaler,
        reference=KEDA,
    ),
    Rule(
        name="keda-one-number",
        title="KEDA's queries return one number",
        why="A second pod adds a second series, and KEDA then treats the query as failed.",
        fix="Aggregate: begin the query with sum(...), max(...), histogram_quantile(...).",
        severity="high",
        types=(SCALED_OBJECT,),
        check=_queries,
        reference="https://keda.sh/docs/latest/scalers/prometheus/",
    ),
    Rule(
        name="keda-absent-is-not-zero",
        title="An absent metric does not count as zero load",
        why="Otherwise an outage of Prometheus scales every model down under full load.",
        fix='Set ignoreNullValues: "false" in the trigger\'s metadata.',
        severity="high",
        types=(SCALED_OBJECT,),
        check=_absent_is_no_zero,
        reference="https://keda.sh/docs/latest/scalers/prometheus/",
    ),
    Rule(
        name="keda-fallback",
        title="A ScaledObject has a fallback",
        why="While metrics fail, the fallback sets the number of replicas.",
        fix="Set spec.fallback with replicas of at least minReplicaCount.",
        severity="medium",
        types=(SCALED_OBJECT,),
        check=_fallback,
        reference=KEDA,
    ),
    Rule(
        name="route-weights",
        title="The weights of a route add up to 100",
        why="The Gateway API reads weights as proportions: 10 and 10 would give a canary half of the traffic.",
        fix="Make the versions' weights in the stack file add up to 100.",
        severity="high",
        types=(ROUTE,),
        check=_weights,
        reference="https://gateway-api.sigs.k8s.io/guides/traffic-splitting/",
    ),
)
