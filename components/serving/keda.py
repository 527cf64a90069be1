"""Replicas that follow queries: a KEDA ScaledObject of ours beside an InferenceService of KServe's class `external`.

KServe's own ScaledObject can express neither fallback nor metric types nor pace (kserve:pkg/controller/v1beta1/inferenceservice/
reconcilers/keda/keda_reconciler.go@v0.20.0), and one that reads an absent metric as zero load scales down in an outage.
"""

from __future__ import annotations

from string import Template
from typing import Annotated, Any, Literal, Self

import pulumi
import pulumi_kubernetes as k8s
from pydantic import Field, field_validator, model_validator

from components.base import Args, labels
from components.serving.autoscaling import Replicas

AGGREGATES = ("sum(", "max(", "min(", "avg(", "count(", "histogram_quantile(")


class PrometheusTrigger(Args):
    """`query` selects the service's own pods by `$pods` and answers one number; more than one is an error to KEDA
    (keda:pkg/scalers/prometheus_scaler.go@v2.21.0). `AverageValue`: threshold per replica; `Value`: of the whole.
    """

    name: Annotated[str, Field(pattern=r"^[a-z]([a-z0-9-]*[a-z0-9])?$")]
    query: str
    threshold: Annotated[float, Field(gt=0)]
    metric_type: Literal["AverageValue", "Value"]

    @field_validator("query")
    @classmethod
    def _one_number_of_its_own_pods(cls, query: str) -> str:
        if not query.startswith(AGGREGATES):
            raise ValueError(f"{query!r} may answer with a series per pod; begin it with one of {', '.join(AGGREGATES)}")
        if "$pods" not in query:
            raise ValueError(f"{query!r} counts every service's pods; select by {{$pods}}")
        return query

    def fields(self, prometheus: str, pods: str) -> dict[str, object]:
        """As KEDA takes it: every value of the metadata is text."""
        return {
            "type": "prometheus",
            "name": self.name,
            "metricType": self.metric_type,
            "metadata": {
                "serverAddress": prometheus,
                "query": Template(self.query).substitute(pods=pods),
                "threshold": f"{self.threshold:g}",
                # Otherwise a broken scrape looks like no load, and the fallback never begins.
                "ignoreNullValues": "false",
            },
        }


class Fallback(Args):
    """After so many failed queries in a row: at least so many replicas, and never fewer than there are."""

    replicas: Annotated[int, Field(ge=1)]
    failures: Annotated[int, Field(ge=1)] = 3


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


class KedaAutoscaling(Args):
    """`prometheus`: its address, `http://host:port`. The trigger that wants most replicas wins.

    Never zero: a model that does not run exports no queue, so nothing would wake it, and KEDA's fallback does not either (keda#7239).
    """

    replicas: Replicas
    prometheus: str
    triggers: Annotated[list[PrometheusTrigger], Field(min_length=1)]
    fallback: Fallback
    pace: Pace = Pace()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not self.replicas.min <= self.fallback.replicas <= self.replicas.max:
            raise ValueError(f"fallback.replicas {self.fallback.replicas} is not within {self.replicas.min} to {self.replicas.max}")
        names = [trigger.name for trigger in self.triggers]
        if len(set(names)) < len(names):
            raise ValueError(f"triggers have one name each, not {', '.join(names)}")
        return self

    def annotations(self) -> dict[str, str]:
        # KServe then makes no autoscaler and writes no replicas.
        return {"serving.kserve.io/autoscalerClass": "external"}

    def predictor_fields(self) -> dict[str, object]:
        """None: how many replicas there are is the ScaledObject's to say."""
        return {}


def scaled_object(
    autoscaling: KedaAutoscaling, service: str, namespace: str, opts: pulumi.ResourceOptions
) -> k8s.apiextensions.CustomResource:
    """Scales the Deployment that KServe makes for the InferenceService `service`."""
    deployment = f"{service}-predictor"
    pods = f'namespace="{namespace}",pod=~"{deployment}-.*"'
    spec: dict[str, Any] = {
        "scaleTargetRef": {"name": deployment},
        "minReplicaCount": autoscaling.replicas.min,
        "maxReplicaCount": autoscaling.replicas.max,
        "fallback": {
            "failureThreshold": autoscaling.fallback.failures,
            "replicas": autoscaling.fallback.replicas,
            "behavior": "currentReplicasIfHigher",
        },
        "advanced": {"horizontalPodAutoscalerConfig": {"behavior": autoscaling.pace.fields()}},
        "triggers": [trigger.fields(autoscaling.prometheus, pods) for trigger in autoscaling.triggers],
    }
    return k8s.apiextensions.CustomResource(
        deployment,
        api_version="keda.sh/v1alpha1",
        kind="ScaledObject",
        metadata={"name": deployment, "namespace": namespace, "labels": labels(service, "serving")},
        spec=spec,
        opts=opts,
    )
