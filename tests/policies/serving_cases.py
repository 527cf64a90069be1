"""Objects that each rule over serving accepts or refuses."""

from __future__ import annotations

from collections.abc import Mapping

from tests.policies.analyzer_harness import UNKNOWN
from tests.policies.case import Cases, one
from tests.policies.objects import REMOVED, autoscaler, model, on_cpu, route, scaled_object

CASES: Mapping[str, Cases] = {
    "model-mode-said": Cases(
        one(model(), model("Knative")),
        {"deploymentMode] is not set": [model(None)], "deploymentMode] is Serverless": [model("Serverless")]},
        [model(UNKNOWN)],
    ),
    "model-namespace": Cases(
        one(model()), {"metadata.namespace kserve is the control plane's": [model("Standard", "kserve")]}, [model("Standard", UNKNOWN)]
    ),
    "model-address": Cases(
        one(model(), model(**{"model.storageUri": "hf://acme/model"}), model(**{"model.storageUri": REMOVED})),
        {
            "https://evil.example/model is not below s3:// or hf://": [model(**{"model.storageUri": "https://evil.example/model"})],
            "gs://bucket/model is not below": [model(**{"model.storageUri": "gs://bucket/model"})],
        },
        [model(**{"model.storageUri": UNKNOWN})],
    ),
    "replica-bounds": Cases(
        one(model(), scaled_object()),
        {
            "spec.predictor.minReplicas 3 is above maxReplicas 2": [model(minReplicas=3)],
            "spec.minReplicaCount 3 is above maxReplicaCount 2": [scaled_object(minReplicaCount=3)],
            "spec.maxReplicaCount is not set": [scaled_object(maxReplicaCount=REMOVED)],
        },
        [model(maxReplicas=UNKNOWN)],
    ),
    "keda-never-zero": Cases(
        one(scaled_object()), {"spec.minReplicaCount is 0": [scaled_object(minReplicaCount=0)]}, [scaled_object(minReplicaCount=UNKNOWN)]
    ),
    "canary-percent": Cases(
        one(on_cpu(), on_cpu(canaryTrafficPercent=10)),
        {
            "canaryTrafficPercent 100 sends everybody": [on_cpu(canaryTrafficPercent=100)],
            "canaryTrafficPercent 110 is not within": [on_cpu(canaryTrafficPercent=110)],
        },
        [on_cpu(canaryTrafficPercent=UNKNOWN)],
    ),
    "canary-in-knative": Cases(
        one(on_cpu(canaryTrafficPercent=10), model()),
        {"does nothing outside of Knative mode": [model(canaryTrafficPercent=10)]},
        [model(canaryTrafficPercent=UNKNOWN)],
    ),
    "gpu-rollout": Cases(
        one(model(), on_cpu()),
        {
            "maxSurge is not set, not 0": [model(deploymentStrategy=REMOVED)],
            "no GPU is free": [model("Knative")],
        },
        [model(**{"deploymentStrategy.rollingUpdate.maxSurge": UNKNOWN})],
    ),
    "one-autoscaler": Cases(
        [[model(), scaled_object()], [model("Standard", "things", "hpa"), scaled_object(scaleTargetRef={"name": "other"})]],
        {
            "InferenceService thing scales thing-predictor too": [model("Standard", "things", "hpa"), scaled_object()],
            "HorizontalPodAutoscaler thing scales thing-predictor too": [autoscaler("thing-predictor"), scaled_object()],
        },
        [model(), scaled_object(scaleTargetRef=UNKNOWN)],
    ),
    "keda-one-number": Cases(
        one(scaled_object(), scaled_object(triggers=[{"type": "cpu", "metadata": {}}])),
        {"triggers[0].metadata.query may answer with a series per pod": [scaled_object(**{"triggers[0].metadata.query": "rate(a[1m])"})]},
        [scaled_object(triggers=UNKNOWN)],
    ),
    "keda-absent-is-not-zero": Cases(
        one(scaled_object()),
        {
            "a broken scrape looks like no load": [scaled_object(**{"triggers[0].metadata.ignoreNullValues": REMOVED})],
            'ignoreNullValues is not "false"': [scaled_object(**{"triggers[0].metadata.ignoreNullValues": "true"})],
        },
        [scaled_object(**{"triggers[0].metadata.ignoreNullValues": UNKNOWN})],
    ),
    "keda-fallback": Cases(
        one(scaled_object()),
        {
            "spec.fallback is not set": [scaled_object(fallback=REMOVED)],
            "spec.fallback.replicas 1 is below": [scaled_object(minReplicaCount=2)],
        },
        [scaled_object(fallback=UNKNOWN)],
    ),
    "route-weights": Cases(
        one(route(90, 10), route(None), route(100)),
        {"backendRefs weigh 90 + 20, not 100": [route(90, 20)], "weigh 100 + unset": [route(100, None)]},
        [route(UNKNOWN)],  # type: ignore[arg-type] # as the engine has it on the wire
    ),
}
