"""Replicas that follow queries: a KEDA ScaledObject beside an InferenceService of KServe's class `external`.

KServe's own ScaledObject can express neither fallback nor metric types nor pace (kserve:pkg/controller/v1beta1/inferenceservice/
reconcilers/keda/keda_reconciler.go@v0.20.0), and one that reads an absent metric as zero load scales down in an outage.
"""

from __future__ import annotations

from typing import Annotated, Any

import pulumi
import pulumi_kubernetes as k8s
from pydantic import Field

from components.base import Args, labels
from components.serving.model import Model

FAILURES = 3
"""Failed queries in a row before the fallback begins."""


class Pace(Args):
    """One replica at most in each period. A model takes a minute to load, so a quicker pace only overshoots.

    KEDA's own pollingInterval and cooldownPeriod act only between no replica and the first one, which never happens here
    (keda:apis/keda/v1alpha1/scaledobject_types.go@v2.21.0, IsPollingIntervalRelevant).
    """

    up_seconds: Annotated[int, Field(ge=1, le=1800)] = 60
    down_seconds: Annotated[int, Field(ge=1, le=1800)] = 300

    def fields(self) -> dict[str, object]:
        def one_pod(seconds: int) -> list[dict[str, object]]:
            return [{"type": "Pods", "value": 1, "periodSeconds": seconds}]

        return {
            "scaleUp": {"stabilizationWindowSeconds": 0, "policies": one_pod(self.up_seconds)},
            "scaleDown": {"stabilizationWindowSeconds": self.down_seconds, "policies": one_pod(self.down_seconds)},
        }


DEFAULT_PACE = Pace()


def scaled_object(
    model: Model, part: str, prometheus: str, opts: pulumi.ResourceOptions, pace: Pace = DEFAULT_PACE
) -> k8s.apiextensions.CustomResource:
    """Scale the Deployment that KServe makes for the InferenceService `part`. `prometheus`: its address, `http://host:port`.

    The trigger that asks for the most replicas wins.
    """
    deployment, namespace, replicas = f"{part}-predictor", model.namespace, model.entry.replicas
    pods = f'namespace="{namespace}",pod=~"{deployment}-.*"'
    spec: dict[str, Any] = {
        "scaleTargetRef": {"name": deployment},
        "minReplicaCount": replicas.min,
        "maxReplicaCount": replicas.max,
        # Without an answer it keeps the present replicas: one more than needed costs a GPU, one fewer costs users.
        "fallback": {"failureThreshold": FAILURES, "replicas": replicas.min, "behavior": "currentReplicasIfHigher"},
        "advanced": {"horizontalPodAutoscalerConfig": {"behavior": pace.fields()}},
        "triggers": [trigger.fields(prometheus, pods) for trigger in model.triggers],
    }
    return k8s.apiextensions.CustomResource(
        deployment,
        api_version="keda.sh/v1alpha1",
        kind="ScaledObject",
        metadata={"name": deployment, "namespace": namespace, "labels": labels(model.name, "serving")},
        spec=spec,
        opts=opts,
    )
