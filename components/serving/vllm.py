"""vLLM on a GPU: its command line, the memory it shares, and probes that survive a slow load."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from components.base import Args
from components.pods import SCRATCH
from components.serving.keda import PrometheusTrigger
from components.serving.server import HTTP_PORT

STEP_OUT_SECONDS = 10
"""Between being told to end and ending: gateway and kube-proxy stop sending meanwhile."""

FINISH_SECONDS = 45
"""For completions in flight; vLLM aborts them otherwise (vllm#34730, `--shutdown-timeout`, default 0)."""

LATENCY_BOUNDS = (0.3, 0.5, 0.8, 1.0, 1.5, 2.0, 2.5, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0, 60.0)
"""Seconds. Bounds of the histogram `vllm:e2e_request_latency_seconds` (vllm:vllm/v1/metrics/loggers.py)."""

Quantization = Literal["awq", "gptq", "fp8", "bitsandbytes"]
ToolCallParser = Literal["hermes", "llama3_json", "mistral", "pythonic"]


class VllmServer(Args):
    """`served_name`: what requests call the model, the same for all its versions. `max_model_len`: tokens of prompt and answer together.

    `gpu_memory_utilization`: the share of the GPU's memory that weights and cache may fill. `quantization`: how the weights are
    stored, where they are. `tool_calls`: the parser of the model's calls of tools; None: it makes none.
    `start_seconds`: for loading and compiling, before the container is restarted.
    """

    served_name: str
    max_model_len: Annotated[int, Field(ge=1)] = 2048
    gpu_memory_utilization: Annotated[float, Field(gt=0, lt=1)] = 0.9
    quantization: Quantization | None = None
    tool_calls: ToolCallParser | None = None
    shared_memory: str = "1Gi"
    start_seconds: Annotated[int, Field(ge=60)] = 900

    @property
    def model_format(self) -> str:
        return "vLLM"

    @property
    def protocol(self) -> str:
        """KServe knows no name for OpenAI's; unnamed it would write this one itself."""
        return "v2"

    @property
    def completion_model(self) -> str:
        return self.served_name

    @property
    def drain_seconds(self) -> int:
        return STEP_OUT_SECONDS + FINISH_SECONDS + 5

    def path(self, service: str) -> str:  # noqa: ARG002 - every service of its kind has this one
        return "/v1/completions"

    def volumes(self) -> list[dict[str, Any]]:
        # Its processes share tensors through memory, and a container's own 64 MiB are not enough. Counts as memory of the pod.
        shared = {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": self.shared_memory}}
        return [{"name": "tmp", "emptyDir": {}}, shared]

    def container(self) -> dict[str, Any]:
        # Through loading and compiling `/health` does not answer; afterwards it says whether the engine lives.
        alive = {"httpGet": {"path": "/health", "port": HTTP_PORT}, "timeoutSeconds": 5}
        return {
            # The image has no `python`, and its entrypoint differs between its variants.
            "command": ["python3", "-m", "vllm.entrypoints.openai.api_server"],
            "args": self._arguments(),
            "env": [
                # The user has no entry in the image's passwd: without a name PyTorch fails at import, without a home caches do.
                *({"name": name, "value": "vllm"} for name in ("USER", "LOGNAME")),
                {"name": "HOME", "value": SCRATCH},
                {"name": "VLLM_NO_USAGE_STATS", "value": "1"},
            ],
            "startupProbe": {**alive, "periodSeconds": 10, "failureThreshold": -(-self.start_seconds // 10)},
            "readinessProbe": {**alive, "periodSeconds": 5, "failureThreshold": 2},
            "livenessProbe": {**alive, "periodSeconds": 10, "failureThreshold": 6},
            "lifecycle": {"preStop": {"sleep": {"seconds": STEP_OUT_SECONDS}}},
            "volumeMounts": [{"name": "tmp", "mountPath": SCRATCH}, {"name": "shm", "mountPath": "/dev/shm"}],  # noqa: S108
        }

    def _arguments(self) -> list[str]:
        optional = {"--quantization": self.quantization, "--tool-call-parser": self.tool_calls}
        return [
            "--model=/mnt/models",
            f"--port={HTTP_PORT}",
            f"--served-model-name={self.served_name}",
            f"--max-model-len={self.max_model_len}",
            f"--gpu-memory-utilization={self.gpu_memory_utilization:g}",
            f"--shutdown-timeout={FINISH_SECONDS}",
            *(f"{flag}={value}" for flag, value in optional.items() if value),
            *(["--enable-auto-tool-choice"] if self.tool_calls else []),
        ]


def check_latency(seconds: float) -> None:
    """Raises ValueError for a threshold between two bounds: a quantile is interpolated there, not measured."""
    if seconds not in LATENCY_BOUNDS:
        allowed = ", ".join(f"{bound:g}" for bound in LATENCY_BOUNDS)
        raise ValueError(f"{seconds:g} is no bound of vLLM's latency histogram; choose one of: {allowed}")


def load_triggers(queue_depth: int, p95_seconds: float) -> list[PrometheusTrigger]:
    """Replicas by requests that wait for the GPU, `queue_depth` for each replica, and by the latency that users see.

    Without requests the quantile is not a number, which counts as a failed query; no load is said by the histogram's own count.
    """
    latency = (
        "histogram_quantile(0.95, sum by (le) (rate(vllm:e2e_request_latency_seconds_bucket{$pods}[2m]))) >= 0"
        " or sum(rate(vllm:e2e_request_latency_seconds_count{$pods}[2m])) == 0"
    )
    return [
        PrometheusTrigger(
            name="waiting-requests",
            query="sum(vllm:num_requests_waiting{$pods})",
            threshold=queue_depth,
            metric_type="AverageValue",
        ),
        PrometheusTrigger(name="p95-latency", query=latency, threshold=p95_seconds, metric_type="Value"),
    ]
