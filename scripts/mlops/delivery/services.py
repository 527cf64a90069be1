"""The services that can be rolled out: how each splits its requests, and what it is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from components.observability import variants
from components.observability.queries import ServedModel
from components.observability.variants import Variants
from components.platform import monitoring
from scripts import live_state, live_versions
from scripts.live_state import Live, Object
from scripts.live_versions import Versions
from scripts.mlops.delivery.knative_canary import KnativeCanary
from scripts.mlops.delivery.plan import Strategy
from scripts.mlops.delivery.probes import Question
from scripts.mlops.delivery.weighted_versions import WeightedVersions
from scripts.mlops.mnist_requests import cases, predicted_class
from scripts.mlops.smollm_requests import QUESTION, completed
from stacks.config import StackConfig
from stacks.platform import MODELS_NAMESPACE
from stacks.services import MNIST, SMOLLM

REVISION = "serving.knative.dev/revision"
INFERENCE_SERVICE = "serving.kserve.io/inferenceservice"


class Kubectl:
    """The cluster as kubectl sees it in this environment. Every question may raise DriverError."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def observe(self) -> Live | None:
        return live_state.observe(self._environment)

    def versions(self) -> Versions:
        return live_versions.observe(self._environment)

    def pods(self, revision: str) -> list[Object]:
        return self._pods(REVISION, revision)

    def pods_of(self, inference_service: str) -> list[Object]:
        return self._pods(INFERENCE_SERVICE, inference_service)

    def _pods(self, label: str, value: str) -> list[Object]:
        found = live_state.get(self._environment, "pods", "--selector", f"{label}={value}")
        return list(found["items"]) if found else []


@dataclass(frozen=True)
class Delivered:
    """`variants`: how Prometheus tells its versions apart."""

    strategy: Strategy
    question: Question
    variants: Variants


def _mnist(cluster: Kubectl, _below: Mapping[str, Any]) -> Delivered:
    model = ServedModel(name=MNIST, namespace=MODELS_NAMESPACE)
    return Delivered(KnativeCanary(cluster), Question(cases(1)[0].body, predicted_class), variants.revisions(model))


def _smollm(cluster: Kubectl, below: Mapping[str, Any]) -> Delivered:
    model = ServedModel(name=SMOLLM, namespace=MODELS_NAMESPACE)
    return Delivered(WeightedVersions(cluster, below), Question(QUESTION, completed, timeout=60), variants.versions(model))


SERVICES: dict[str, Callable[[Kubectl, Mapping[str, Any]], Delivered]] = {"mnist": _mnist, "smollm": _smollm}
"""By their keys below `services`. The second argument: the sections that count where the stack file says nothing."""


def prometheus_url(config: StackConfig) -> str | None:
    """As pods reach it; None where the stack has none."""
    section = config.monitoring
    if section.enabled:
        return f"http://{monitoring.RELEASE}-prometheus.{monitoring.NAMESPACE}.svc.cluster.local:9090"
    return section.prometheus_url
