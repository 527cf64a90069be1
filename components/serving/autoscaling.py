"""How the replicas of an InferenceService follow its load."""

from __future__ import annotations

from typing import Annotated

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
    """A HorizontalPodAutoscaler that KServe makes and owns. `target`: percent of the CPU that the pods request."""

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
