"""A model server of our own kind: KServe's usual arguments and its V1 protocol."""

from __future__ import annotations

from typing import Any

from components.base import Args

HTTP_PORT = 8080
"""Of every model server, by KServe's convention."""


class V1Server(Args):
    """Takes `--model_name`, `--model_dir` and `--http_port`. `start_seconds`: for loading the model, before a container is restarted."""

    model_format: str
    start_seconds: int = 120

    @property
    def drain_seconds(self) -> int:
        """The server answers on for 5 s after SIGTERM and then gives requests in flight 30 s (images/mnist/server.py)."""
        return 40

    @property
    def protocol(self) -> str:
        return "v1"

    @property
    def completion_model(self) -> str | None:
        """None: it answers predictions, not completions."""
        return None

    def path(self, service: str) -> str:
        return f"/v1/models/{service}:predict"

    def volumes(self) -> list[dict[str, Any]]:
        return [{"name": "tmp", "emptyDir": {}}]

    def container(self) -> dict[str, Any]:
        """KServe fills in the resources of the InferenceService and `{{.Name}}`, the InferenceService's name."""
        ready = {"httpGet": {"path": "/v1/models/{{.Name}}", "port": HTTP_PORT}}
        return {
            "args": ["--model_name={{.Name}}", "--model_dir=/mnt/models", f"--http_port={HTTP_PORT}"],
            "env": [
                # The server sizes its threads by the limit: the node's CPUs, which it would see otherwise, are not its own.
                {"name": "CPU_LIMIT", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "1"}}},
            ],
            "startupProbe": {**ready, "periodSeconds": 1, "timeoutSeconds": 2, "failureThreshold": self.start_seconds},
            "readinessProbe": {**ready, "periodSeconds": 5, "timeoutSeconds": 2, "failureThreshold": 2},
            "livenessProbe": {"httpGet": {"path": "/", "port": HTTP_PORT}, "periodSeconds": 10, "timeoutSeconds": 5, "failureThreshold": 6},
            "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 - a volume of the pod's own
        }
