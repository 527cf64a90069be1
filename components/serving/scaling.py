"""The number of replicas of a model, and the load that it follows. The kind of scaling decides KServe's mode.

Knative mode: requests at once or per second, down to none if wanted. Standard mode: CPU use by a HorizontalPodAutoscaler, or a server's
queue by KEDA. KServe silently ignores settings of the other mode's autoscaler (kserve#5335), so a stack file cannot contain them.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, Tag

from components.declared import Bounds, Declared, chosen_by

LATENCY_BOUNDS = (0.3, 0.5, 0.8, 1.0, 1.5, 2.0, 2.5, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0, 60.0)
"""Seconds: bounds of the histogram `vllm:e2e_request_latency_seconds` (vllm:vllm/v1/metrics/loggers.py@v0.32.0)."""

MOST_REPLICAS = 10_000
"""More pods than a cluster is made for (Kubernetes supports 150,000 on 5,000 nodes, all models together)."""


class Replicas(Bounds):
    """The bounds of the number of replicas, `max` included."""

    min: Annotated[int, Field(ge=1, le=MOST_REPLICAS)] = Field(1, description="Fewest replicas.")
    max: Annotated[int, Field(ge=1, le=MOST_REPLICAS)] = Field(1, description="Most replicas.")


class CpuScaling(Declared):
    """Standard mode: a HorizontalPodAutoscaler that KServe makes and owns."""

    metric: Literal["cpu"] = Field("cpu", description="Scales by CPU use.")
    target: Annotated[int, Field(ge=1, le=100)] = Field(80, description="Percent of the requested CPU.")

    def annotations(self) -> dict[str, str]:
        return {"serving.kserve.io/autoscalerClass": "hpa"}

    def predictor_fields(self, replicas: Replicas) -> dict[str, object]:
        return {"minReplicas": replicas.min, "maxReplicas": replicas.max, "scaleMetric": "cpu", "scaleTarget": self.target}


class RequestScaling(Declared):
    """Knative mode: its own pod autoscaler, which aims at 70 % of the target. A candidate holds `replicas.min` beside stable.

    Bounds are Knative's own (knative/serving:pkg/apis/autoscaling/annotation_validation.go@knative-v1.21.1).
    """

    metric: str
    target: int
    window_seconds: Annotated[int, Field(ge=6, le=3600)] = Field(
        60, description="Seconds over which the load is averaged. At twice the target, Knative reacts after a tenth of it."
    )
    scale_down_delay_seconds: Annotated[int, Field(ge=0, le=3600)] = Field(
        0, description="How long the load must have been low before a replica goes."
    )
    scale_to_zero: bool = Field(
        False, description="true: no replica without requests; the next request waits for a start. Needs replicas.min 1."
    )

    def annotations(self) -> dict[str, str]:
        """Return what KServe hands on to each revision."""
        return {
            "autoscaling.knative.dev/window": f"{self.window_seconds}s",
            "autoscaling.knative.dev/scale-down-delay": f"{self.scale_down_delay_seconds}s",
        }

    def predictor_fields(self, replicas: Replicas) -> dict[str, object]:
        return {
            "minReplicas": 0 if self.scale_to_zero else replicas.min,
            "maxReplicas": replicas.max,
            "scaleMetric": self.metric,
            "scaleTarget": self.target,
        }


class ConcurrencyScaling(RequestScaling):
    metric: Literal["concurrency"] = Field(description="Scales by requests at the same time.")
    target: Annotated[int, Field(ge=1, le=1000)] = Field(10, description="For one replica.")


class RpsScaling(RequestScaling):
    metric: Literal["rps"] = Field(description="Scales by requests per second.")
    target: Annotated[int, Field(ge=1, le=100000)] = Field(100, description="For one replica.")


def _bound(seconds: float) -> float:
    if seconds not in LATENCY_BOUNDS:
        allowed = ", ".join(f"{bound:g}" for bound in LATENCY_BOUNDS)
        raise ValueError(f"{seconds:g} is no bound of vLLM's latency histogram; choose one of: {allowed}")
    return seconds


class QueueScaling(Declared):
    """Standard mode: replicas of each version follow its queue and its latency, which Prometheus measures.

    Never zero: a model that does not run exports no queue, so nothing would wake it, and KEDA's fallback does not either (keda#7239).
    A threshold between two bounds of a histogram is refused: a quantile is interpolated there, not measured.
    """

    metric: Literal["queue"] = Field("queue", description="Scales by requests that wait for the server.")
    queue_depth: Annotated[int, Field(ge=1, le=1000)] = Field(4, description="Waiting requests for one replica.")
    p95_seconds: Annotated[float, AfterValidator(_bound)] = Field(
        0.5, description="Highest P95 of whole requests, in seconds; a bound of vLLM's latency histogram."
    )

    def annotations(self) -> dict[str, str]:
        # KServe then makes no autoscaler and writes no replicas.
        return {"serving.kserve.io/autoscalerClass": "external"}

    def predictor_fields(self, replicas: Replicas) -> dict[str, object]:  # noqa: ARG002 - the ScaledObject has them
        return {}


Scaling = Annotated[
    Annotated[CpuScaling, Tag("cpu")]
    | Annotated[ConcurrencyScaling, Tag("concurrency")]
    | Annotated[RpsScaling, Tag("rps")]
    | Annotated[QueueScaling, Tag("queue")],
    chosen_by("metric", "cpu", "concurrency", "rps", "queue", default="cpu", implied={"queueDepth": "queue", "p95Seconds": "queue"}),
]


def check_lower_bound(scaling: Scaling, replicas: Replicas) -> None:
    """Raise ValueError if two fields contradict each other about the fewest replicas."""
    if isinstance(scaling, RequestScaling) and scaling.scale_to_zero and replicas.min != 1:
        raise ValueError(f"scaleToZero means no replica without load; replicas.min {replicas.min} contradicts it, leave it at 1")
