"""The two ways in which KServe runs a service, each with the autoscaling and the rollout that it has. No other pair can be written."""

from __future__ import annotations

from typing import Any, Self

from pydantic import model_validator

from components.base import Args
from components.serving.autoscaling import CpuAutoscaling, KnativeAutoscaling
from components.serving.gateway import Gateway, KnativeIngress
from components.serving.keda import KedaAutoscaling
from components.serving.rollout import KnativeCanary, Versions, check_canary
from components.serving.route_rules import part_name, rewritten, weighted

MODE = "serving.kserve.io/deploymentMode"


class Part(Args):
    """One InferenceService of a service. `host`: where its newest pods answer, and only they. `image` None: the runtime's.

    `percent`: the share of the requests that Knative gives to the newest pods; None: nothing is split by Knative.
    """

    name: str
    host: str
    model: str
    image: str | None = None
    percent: int | None = None


class Standard(Args):
    """Plain Deployments, made by KServe. What only Knative knows (concurrency, canary percent) would be ignored, silently (kserve#5335).

    `model`: the one that is served, or versions of it behind a gateway.
    """

    model: str | Versions
    autoscaling: CpuAutoscaling | KedaAutoscaling

    @property
    def gateway(self) -> Gateway | None:
        return self.model.gateway if isinstance(self.model, Versions) else None

    @property
    def ingress(self) -> KnativeIngress | None:
        return None

    @property
    def annotations(self) -> dict[str, str]:
        # Written always: the cluster's default may be another mode, and KServe validates by this annotation.
        return {MODE: "Standard", **self.autoscaling.annotations()}

    @property
    def labels(self) -> dict[str, str]:
        # The route in front of versions is ours; KServe's own would split nothing.
        return {"networking.kserve.io/visibility": "cluster-local"} if isinstance(self.model, Versions) else {}

    def predictor_fields(self, drain_seconds: int) -> dict[str, Any]:
        return {"terminationGracePeriodSeconds": drain_seconds, **self.autoscaling.predictor_fields()}

    def parts(self, service: str, namespace: str) -> list[Part]:
        if not isinstance(self.model, Versions):
            return [Part(name=service, host=f"{service}.{namespace}.svc.cluster.local", model=self.model)]
        names = {part_name(service, version.name): version for version in self.model.versions}
        return [
            Part(name=name, host=f"{name}-predictor.{namespace}.svc.cluster.local", model=version.model, image=version.image)
            for name, version in names.items()
        ]

    def rules(self, service: str, namespace: str) -> list[dict[str, Any]]:  # noqa: ARG002 - versions live beside the route
        """Of the route in front; none where a plain Service is the address."""
        return weighted(service, self.model) if isinstance(self.model, Versions) else []


class Knative(Args):
    """Knative Services, made by KServe: replicas follow requests, down to none if wanted, and a canary is a share of the requests.

    `ingress` answers by names that nobody knows; `gateway` turns the one that people know into one of them. KServe would do so
    with Istio only. Pods get the revision's timeout, 300 s by default, to finish their requests; Knative lets nobody set less.
    """

    model: str
    autoscaling: KnativeAutoscaling
    canary: KnativeCanary | None = None
    gateway: Gateway
    ingress: KnativeIngress

    @model_validator(mode="after")
    def _candidate_is_another(self) -> Self:
        if self.canary:
            check_canary(self.model, self.canary)
        return self

    @property
    def annotations(self) -> dict[str, str]:
        # The tag is an address of the newest revision alone, also while it gets no request.
        return {MODE: "Knative", "serving.kserve.io/enable-tag-routing": "true", **self.autoscaling.annotations()}

    @property
    def labels(self) -> dict[str, str]:
        return {"networking.knative.dev/visibility": "cluster-local"}

    def predictor_fields(self, drain_seconds: int) -> dict[str, Any]:  # noqa: ARG002 - Knative refuses a grace period
        share = {"canaryTrafficPercent": self.canary.percent} if self.canary else {}
        return {**self.autoscaling.predictor_fields(), **share}

    def parts(self, service: str, namespace: str) -> list[Part]:
        """One: while a canary stands, the InferenceService describes the candidate."""
        canary = self.canary
        return [
            Part(
                name=service,
                host=f"latest-{service}-predictor.{namespace}.svc.cluster.local",
                model=(canary.model if canary else None) or self.model,
                image=canary.image if canary else None,
                percent=canary.percent if canary else 100,
            )
        ]

    def rules(self, service: str, namespace: str) -> list[dict[str, Any]]:
        return rewritten(f"{service}-predictor.{namespace}.svc.cluster.local", self.ingress)


Serving = Standard | Knative
