"""How the replicas of an InferenceService follow its load, where KServe makes the autoscaler."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from components.base import Args


class Replicas(Args):
    """Never fewer than `min`, never more than `max`."""

    min: Annotated[int, Field(ge=1)]
    max: Annotated[int, Field(ge=1)]

    @model_validator(mode="after")
    def _ordered(self) -> Replicas:
        if self.min > self.max:
            raise ValueError(f"min {self.min} is greater than max {self.max}")
        return self


class CpuAutoscaling(Args):
    """Standard mode: a HorizontalPodAutoscaler that KServe makes and owns. `target`: percent of the CPU that the pods request."""

    replicas: Replicas
    target: Annotated[int, Field(ge=1, le=100)]

    def annotations(self) -> dict[str, str]:
        return {"serving.kserve.io/autoscalerClass": "hpa"}

    def predictor_fields(self) -> dict[str, object]:
        return {
            "minReplicas": self.replicas.min,
            "maxReplicas": self.replicas.max,
            "scaleMetric": "cpu",
            "scaleTarget": self.target,
        }


class KnativeAutoscaling(Args):
    """Knative mode: its own pod autoscaler. `target`: requests at once, or per second, for one replica; Knative aims at 70 % of it.

    `window_seconds`: what the load is averaged over; a load of twice the target is acted on after a tenth of it.
    `scale_down_delay_seconds`: how long the load must have been low before a replica goes.
    `scale_to_zero`: no replica while nobody asks; the next request then waits for a whole start. A canary holds `replicas.min` twice.
    Bounds are Knative's own (knative/serving:pkg/apis/autoscaling/annotation_validation.go@knative-v1.21.1).
    """

    metric: Literal["concurrency", "rps"]
    target: Annotated[int, Field(ge=1)]
    replicas: Replicas
    window_seconds: Annotated[int, Field(ge=6, le=3600)] = 60
    scale_down_delay_seconds: Annotated[int, Field(ge=0, le=3600)] = 0
    scale_to_zero: bool = False

    @model_validator(mode="after")
    def _one_lower_bound(self) -> Self:
        check_lower_bound(self.scale_to_zero, self.replicas)
        return self

    def annotations(self) -> dict[str, str]:
        """KServe hands them on to each revision."""
        return {
            "autoscaling.knative.dev/window": f"{self.window_seconds}s",
            "autoscaling.knative.dev/scale-down-delay": f"{self.scale_down_delay_seconds}s",
        }

    def predictor_fields(self) -> dict[str, object]:
        return {
            "minReplicas": 0 if self.scale_to_zero else self.replicas.min,
            "maxReplicas": self.replicas.max,
            "scaleMetric": self.metric,
            "scaleTarget": self.target,
        }


def check_lower_bound(scale_to_zero: bool, replicas: Replicas) -> None:
    """Raises ValueError when two fields say differently how few replicas there may be."""
    if scale_to_zero and replicas.min != 1:
        raise ValueError(f"scaleToZero means no replica without load; replicas.min {replicas.min} contradicts it, leave it at 1")
