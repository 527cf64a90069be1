"""The questions about one model that the strategies ask by kubectl."""

from __future__ import annotations

from collections.abc import Mapping

from components.serving.model import Model
from scripts import live_state, live_versions
from scripts.live_state import Live, Object
from scripts.live_versions import Versions

REVISION = "serving.knative.dev/revision"
INFERENCE_SERVICE = "serving.kserve.io/inferenceservice"


class Kubectl:
    """`environment` names the cluster and has kubectl on its PATH. Every question may raise DriverError."""

    def __init__(self, environment: Mapping[str, str], model: Model) -> None:
        self._environment, self._model = environment, model

    def observe(self) -> Live | None:
        return live_state.observe(self._environment, self._model)

    def versions(self) -> Versions:
        return live_versions.observe(self._environment, self._model)

    def pods(self, revision: str) -> list[Object]:
        return self._pods(REVISION, revision)

    def pods_of(self, inference_service: str) -> list[Object]:
        return self._pods(INFERENCE_SERVICE, inference_service)

    def _pods(self, label: str, value: str) -> list[Object]:
        found = live_state.get(self._environment, self._model.namespace, "pods", "--selector", f"{label}={value}")
        return list(found["items"]) if found else []
