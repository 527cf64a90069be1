"""A PyTorch state-dict, served by the model's own image, which takes KServe's usual arguments and speaks its V1 protocol."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from components.serving.protocols import PROTOCOLS, Protocol
from components.serving.servers.server import HTTP_PORT, MODEL_FOLDER, SCRATCH_MOUNT, Server

START_SECONDS = 120
"""Seconds for loading the model, before the container is restarted."""


class PytorchServer(Server):
    """PyTorch on CPUs. The image takes `--model_name`, `--model_dir` and `--http_port`.

    On SageMaker it is started with `serve` alone, finds the model in /opt/ml/model, and answers /ping and /invocations on port 8080.

    An image that batches requests counts each batch in the histogram `predictor_batch_images`.
    """

    kind: Literal["pytorch"] = Field(description="PyTorch on CPUs, in an image of the model's own.")

    endings: ClassVar[tuple[str, ...]] = (".pt",)
    panels: ClassVar[tuple[str, ...]] = ("batches",)
    default_latency_seconds: ClassVar[float] = 0.1
    default_ready_within_seconds: ClassVar[int] = 100

    @property
    def protocol_spoken(self) -> Protocol:
        return PROTOCOLS["v1"]

    @property
    def model_format(self) -> str:
        return "pytorch-state-dict"

    @property
    def drain_seconds(self) -> int:
        """The server goes on answering for 5 s after SIGTERM and then gives requests in flight 30 s."""
        return 40

    @property
    def longest_start_seconds(self) -> int:
        return START_SECONDS

    def sagemaker_environment(self, model: str) -> dict[str, str]:  # noqa: ARG002 - /invocations has no model's name
        return {}

    def container(self, model: str) -> dict[str, Any]:
        ready = {"httpGet": {"path": self.protocol_spoken.ready_path(model), "port": HTTP_PORT}}
        return {
            "args": [f"--model_name={model}", f"--model_dir={MODEL_FOLDER}", f"--http_port={HTTP_PORT}"],
            "env": [
                # The server sizes its thread pool by this limit; otherwise it would count all CPUs of the node.
                {"name": "CPU_LIMIT", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "1"}}},
            ],
            "startupProbe": {**ready, "periodSeconds": 1, "timeoutSeconds": 2, "failureThreshold": self.longest_start_seconds},
            "readinessProbe": {**ready, "periodSeconds": 5, "timeoutSeconds": 2, "failureThreshold": 2},
            "livenessProbe": {"httpGet": {"path": "/", "port": HTTP_PORT}, "periodSeconds": 10, "timeoutSeconds": 5, "failureThreshold": 6},
            "volumeMounts": [SCRATCH_MOUNT],
        }
