"""The services that can be rolled out: how each splits its requests, and what it is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from components.platform import monitoring
from scripts import live_state
from scripts.live_state import Live, Object
from scripts.mlops.delivery.knative_canary import KnativeCanary
from scripts.mlops.delivery.plan import Strategy
from scripts.mlops.delivery.probes import Question
from scripts.mlops.mnist_requests import cases, predicted_class
from stacks.config import StackConfig

REVISION = "serving.knative.dev/revision"


class Kubectl:
    """The cluster as kubectl sees it in this environment. Every question may raise DriverError."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def observe(self) -> Live | None:
        return live_state.observe(self._environment)

    def pods(self, revision: str) -> list[Object]:
        found = live_state.get(self._environment, "pods", "--selector", f"{REVISION}={revision}")
        return list(found["items"]) if found else []


def _mnist(cluster: Kubectl) -> tuple[Strategy, Question]:
    return KnativeCanary(cluster), Question(cases(1)[0].body, predicted_class)


SERVICES: dict[str, Callable[[Kubectl], tuple[Strategy, Question]]] = {"mnist": _mnist}
"""By their keys below `services`."""


def prometheus_url(config: StackConfig) -> str | None:
    """As pods reach it; None where the stack has none."""
    section = config.monitoring
    if section.enabled:
        return f"http://{monitoring.RELEASE}-prometheus.{monitoring.NAMESPACE}.svc.cluster.local:9090"
    return section.prometheus_url
