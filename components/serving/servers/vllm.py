"""A language model by vLLM on GPUs: its command line, the memory it shares, and probes that survive a slow load."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic.alias_generators import to_camel

from components import versions
from components.artifacts import Image
from components.gpu import GpuDemand
from components.pods import SCRATCH
from components.quantities import MemoryQuantity
from components.scheduling import Quantities, Resources
from components.serving import sagemaker
from components.serving.protocols import PROTOCOLS, Protocol
from components.serving.scaling import QueueScaling, Scaling
from components.serving.servers.server import HTTP_PORT, MODEL_FOLDER, SCRATCH_MOUNT, SCRATCH_VOLUME, RequestSeries, Server
from components.serving.triggers import PrometheusTrigger

STEP_OUT_SECONDS = 10
"""Seconds between SIGTERM and the shutdown: gateway and kube-proxy stop sending meanwhile."""

FINISH_SECONDS = 45
"""Seconds for completions in flight; vLLM aborts them otherwise (vllm#34730, `--shutdown-timeout`, default 0)."""

KEEP_ALIVE_SECONDS = 3660
"""Seconds to keep an idle connection, longer than Envoy's hour: with vLLM's 5 s the gateway would send a request into a connection
that vLLM has just closed (envoyproxy/envoy:api/envoy/config/core/v3/protocol.proto, HttpProtocolOptions.idle_timeout)."""

START_SECONDS = 900
"""Seconds for loading and compiling, before the container is restarted."""

SAGEMAKER_PREFIX = "SM_VLLM_"
"""Prefix of the variables from which AWS's image, and the target `vllm-sagemaker` of vLLM's own Dockerfile, make the arguments
(aws/deep-learning-containers:vllm/build_artifacts/sagemaker_entrypoint.sh)."""

Quantization = Literal["awq", "gptq", "fp8", "bitsandbytes"]
ToolCallParser = Literal["hermes", "llama3_json", "mistral", "pythonic"]

FLAGS = {
    "max_model_len": "--max-model-len",
    "max_num_seqs": "--max-num-seqs",
    "max_num_batched_tokens": "--max-num-batched-tokens",
    "gpu_memory_utilization": "--gpu-memory-utilization",
    "dtype": "--dtype",
    "quantization": "--quantization",
    "kv_cache_dtype": "--kv-cache-dtype",
    "tensor_parallel": "--tensor-parallel-size",
    "tool_calling": "--tool-call-parser",
    "chat_template": "--chat-template",
}
"""Field → vLLM's flag for it (vllm-project/vllm:vllm/engine/arg_utils.py@v0.32.0)."""

TYPED_FLAGS = {
    **{flag: name for name, flag in FLAGS.items()},
    "--enable-prefix-caching": "prefix_caching",
    "--speculative-config": "speculative",
    "--enable-auto-tool-choice": "tool_calling",
}
"""Flag → the field that sets it."""

REFUSED_FLAGS = {
    **dict.fromkeys(
        ("--model", "--port", "--host", "--api-key", "--uds", "--served-model-name", "--shutdown-timeout"), "is set by the platform"
    ),
    **dict.fromkeys(("--ssl-keyfile", "--ssl-certfile", "--ssl-ca-certs"), "makes it speak HTTPS, but gateway and probes ask it over HTTP"),
    **dict.fromkeys(
        ("--pipeline-parallel-size", "--data-parallel-size", "--data-parallel-size-local", "--nnodes", "--node-rank"),
        "needs GPUs or pods that no replica has; server.tensorParallel gives it more GPUs",
    ),
    **dict.fromkeys(("--headless", "--help", "--version"), "leaves no server that answers"),
    "--config": "would set any other flag unseen; write the flags themselves",
    "--hf-token": "would show a secret to everybody who may see the pod",
}
"""Flag that an entry must not set → the reason."""


def _one_argument(argument: str) -> str:
    if not re.fullmatch(r"--[a-z][A-Za-z0-9_.+-]*(=.*)?", argument, re.DOTALL):
        raise ValueError(f'"{argument}" is not one argument; write --flag or --flag=value')
    return argument


def _template(template: str) -> str:
    is_template = "\n" not in template and ("{{" in template or "{%" in template)
    if not (is_template or template.startswith(f"{MODEL_FOLDER}/")):
        raise ValueError(f"{json.dumps(template)} is neither a path below {MODEL_FOLDER} nor a Jinja template on one line")
    return template


def _contradicted(argument: str) -> str | None:
    """Return the flag of these tables that vLLM would read in the argument, or None.

    vLLM's parser also takes underscores, `--no-`, keys of a JSON value behind a dot, and the beginning of a flag
    (vllm-project/vllm:vllm/utils/argparse_utils.py, FlexibleArgumentParser).
    """
    flag = re.split(r"[=.]", argument.replace("_", "-"), maxsplit=1)[0].replace("--no-", "--", 1)
    return next((own for own in (*TYPED_FLAGS, *REFUSED_FLAGS) if own.startswith(flag)), None)


CAPABILITIES = {
    ("dtype", "bfloat16"): 8.0,
    ("quantization", "fp8"): 8.0,
    ("kv_cache_dtype", "fp8"): 8.9,
    ("kv_cache_dtype", "fp8_e4m3"): 8.9,
    ("kv_cache_dtype", "fp8_e5m2"): 8.9,
}
"""Field and value → the least compute capability of a GPU that supports it.

- bfloat16: NVIDIA's hardware has it from 8.0 on, and vLLM refuses it below (vllm-project/vllm:vllm/platforms/cuda.py@v0.32.0).
- fp8 weights: GPUs compute with them from 8.9 on; below that vLLM only stores them so and computes in 16 bits (Marlin kernels,
  docs.vllm.ai/en/v0.32.0/features/quantization/llm_compressor/fp8). vLLM tries this on 7.5 too, but such a GPU (T4) has no bfloat16, and
  fp8 models, which are made of bfloat16 ones, leave the range of float16.
- an fp8 cache: below 8.9 the kernels do not compile, "type fp8e4nv not supported in this architecture" (vllm#26431, vllm#49077, open).
"""


class VllmServer(Server):
    """vLLM with OpenAI's protocol. A field that is left out is vLLM's own default, which depends on model and GPU."""

    kind: Literal["vllm"] = Field(description="vLLM, with the protocol of OpenAI.")
    max_model_len: Annotated[int, Field(ge=1)] | None = Field(None, description="Tokens of prompt and answer together.")
    max_num_seqs: Annotated[int, Field(ge=1)] | None = Field(None, description="Most requests in one batch.")
    max_num_batched_tokens: Annotated[int, Field(ge=1)] | None = Field(None, description="Most tokens in one batch.")
    gpu_memory_utilization: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.9, description="Share of the GPU's memory that weights and cache may fill."
    )
    weights_gib: Annotated[float, Field(gt=0)] | None = Field(
        None, description="GiB of GPU memory that the weights fill, to be compared with the pool's GPUs. Left out: not compared."
    )
    dtype: Literal["auto", "bfloat16", "float16", "float32"] | None = Field(None, description="Type of weights and activations.")
    quantization: Quantization | None = Field(None, description="Method by which the weights are quantised.")
    kv_cache_dtype: Literal["auto", "fp8", "fp8_e4m3", "fp8_e5m2"] | None = Field(None, description="Type of the KV cache.")
    prefix_caching: bool | None = Field(None, description="true: prompts with the same beginning share its part of the cache.")
    speculative: dict[str, Any] | None = Field(None, description="vLLM's --speculative-config: method, model, num_speculative_tokens ...")
    tensor_parallel: Annotated[int, Field(ge=1, le=16)] = Field(1, description="GPUs of each replica, which share the model's layers.")
    shared_memory: MemoryQuantity = Field("8Gi", description="Size limit of /dev/shm. Its used part counts as memory of the pod.")
    tool_calling: ToolCallParser | None = Field(None, description="Parser of the model's tool calls. Left out: it makes none.")
    chat_template: Annotated[str, AfterValidator(_template)] | None = Field(
        None, description="Path of a Jinja template below /mnt/models, or the template on one line."
    )
    extra_args: list[Annotated[str, AfterValidator(_one_argument)]] = Field(
        default_factory=list, description="More arguments, each --flag or --flag=value."
    )

    pinned: ClassVar[Image | None] = versions.VLLM
    scalings: ClassVar[tuple[str, ...]] = ("queue",)
    series: ClassVar[RequestSeries | None] = RequestSeries(
        # vllm-project/vllm:vllm/entrypoints/serve/instrumentator/metrics.py@v0.32.0
        counter="http_requests_total",
        answered='handler=~"/v1/.+"',
        failed='status=~"[45]xx"',
        histogram="vllm:e2e_request_latency_seconds",
    )
    panels: ClassVar[tuple[str, ...]] = ("tokens", "queue")
    alerts: ClassVar[tuple[str, ...]] = ("generation",)
    default_scaling: ClassVar[Scaling] = QueueScaling.model_validate({})
    default_resources: ClassVar[Resources] = Resources(
        requests=Quantities(cpu="2", memory="8Gi"), limits=Quantities(cpu="3", memory="12Gi")
    )
    default_latency_seconds: ClassVar[float] = 0.5
    default_ready_within_seconds: ClassVar[int] = 1500
    """The time includes a new GPU node, 10 GB of image and the load."""
    default_sagemaker_type: ClassVar[str] = "ml.g6.xlarge"

    @model_validator(mode="after")
    def _one_word_for_each_flag(self) -> Self:
        for argument in self.extra_args:
            if flag := _contradicted(argument):
                raise ValueError(f"extraArgs: {flag} {REFUSED_FLAGS.get(flag) or self._typed(flag)}")
        return self

    @staticmethod
    def _typed(flag: str) -> str:
        return f"is set by {VllmServer.model_fields[TYPED_FLAGS[flag]].alias}; write it there"

    @model_validator(mode="after")
    def _a_batch_has_a_token_of_each_request(self) -> Self:
        # vLLM does not start otherwise (vllm-project/vllm:vllm/config/scheduler.py@v0.32.0).
        requests, tokens = self.max_num_seqs, self.max_num_batched_tokens
        if requests and tokens and tokens < requests:
            raise ValueError(f"maxNumBatchedTokens {tokens} is less than maxNumSeqs {requests}: each request of a batch needs a token")
        return self

    @model_validator(mode="after")
    def _quantised_weights_are_multiplied_in_16_bits(self) -> Self:
        # vLLM does not start otherwise (get_supported_act_dtypes in vllm-project/vllm:vllm/model_executor/layers/quantization).
        if self.dtype == "float32" and self.quantization not in (None, "bitsandbytes"):
            raise ValueError(f"dtype float32: quantization {self.quantization} takes 16 bits; set float16 or bfloat16, or leave dtype out")
        return self

    @property
    def protocol_spoken(self) -> Protocol:
        return PROTOCOLS["openai"]

    @property
    def model_format(self) -> str:
        return "vLLM"

    @property
    def gpu_count(self) -> int:
        return self.tensor_parallel

    @property
    def gpu_demand(self) -> GpuDemand:
        return GpuDemand(
            count=self.tensor_parallel,
            field="server.tensorParallel",
            memory_share=self.gpu_memory_utilization,
            weights_gib=self.weights_gib,
            capabilities={
                f"{to_camel(field)} {value}": least for (field, value), least in CAPABILITIES.items() if getattr(self, field) == value
            },
        )

    @property
    def drain_seconds(self) -> int:
        return STEP_OUT_SECONDS + FINISH_SECONDS + 5

    def volumes(self) -> list[dict[str, Any]]:
        # Its processes share tensors through memory, and a container's own 64 MiB are not enough.
        return [SCRATCH_VOLUME, {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": self.shared_memory}}]

    @property
    def longest_start_seconds(self) -> int:
        return START_SECONDS

    def sagemaker_environment(self, model: str) -> dict[str, str]:
        if "shared_memory" in self.model_fields_set:
            raise ValueError("placement sagemaker: SageMaker decides on the shared memory of its containers; leave sharedMemory out")
        arguments = [f"--model={sagemaker.MODEL_FOLDER}", f"--served-model-name={model}", *self._arguments()]
        flags = {flag: value for flag, _, value in (argument.partition("=") for argument in arguments)}
        if dotted := next((flag for flag in flags if "." in flag), None):
            raise ValueError(f"placement sagemaker: extraArgs {dotted} has a dot, which no variable has; write --flag=<JSON> instead")
        return {f"{SAGEMAKER_PREFIX}{flag.removeprefix('--').upper().replace('-', '_')}": value for flag, value in flags.items()}

    def container(self, model: str) -> dict[str, Any]:
        # Through loading and compiling `/health` does not answer; afterwards it says whether the engine lives.
        alive = {"httpGet": {"path": "/health", "port": HTTP_PORT}, "timeoutSeconds": 5}
        return {
            # The image has no `python`, and its entrypoint differs between its variants.
            "command": ["python3", "-m", "vllm.entrypoints.openai.api_server"],
            "args": [
                f"--model={MODEL_FOLDER}",
                f"--port={HTTP_PORT}",
                f"--served-model-name={model}",
                f"--shutdown-timeout={FINISH_SECONDS}",
                *self._arguments(),
            ],
            "env": [
                # The user has no entry in the image's passwd: without a name PyTorch fails at import, without a home caches do.
                *({"name": name, "value": "vllm"} for name in ("USER", "LOGNAME")),
                {"name": "HOME", "value": SCRATCH},
                {"name": "VLLM_NO_USAGE_STATS", "value": "1"},
                {"name": "VLLM_HTTP_TIMEOUT_KEEP_ALIVE", "value": str(KEEP_ALIVE_SECONDS)},
            ],
            "startupProbe": {**alive, "periodSeconds": 10, "failureThreshold": -(-self.longest_start_seconds // 10)},
            "readinessProbe": {**alive, "periodSeconds": 5, "failureThreshold": 2},
            "livenessProbe": {**alive, "periodSeconds": 10, "failureThreshold": 6},
            "lifecycle": {"preStop": {"sleep": {"seconds": STEP_OUT_SECONDS}}},
            "volumeMounts": [SCRATCH_MOUNT, {"name": "shm", "mountPath": "/dev/shm"}],  # noqa: S108 - a volume of the pod's own
        }

    def _arguments(self) -> list[str]:
        """Return the arguments of the entry's own settings."""
        typed = {flag: getattr(self, name) for name, flag in FLAGS.items()}
        return [
            *(f"{flag}={value}" for flag, value in typed.items() if value is not None and (flag, value) != ("--tensor-parallel-size", 1)),
            *([] if self.prefix_caching is None else [f"--{'' if self.prefix_caching else 'no-'}enable-prefix-caching"]),
            *([f"--speculative-config={json.dumps(self.speculative, sort_keys=True)}"] if self.speculative else []),
            *(["--enable-auto-tool-choice"] if self.tool_calling else []),
            *self.extra_args,
        ]

    def triggers(self, scaling: QueueScaling) -> list[PrometheusTrigger]:
        """Scale by requests that wait for the GPU, and by the latency that users see.

        Without requests the quantile is not a number, which counts as a failed query; the histogram's own count shows absent load.
        """
        latency = (
            "histogram_quantile(0.95, sum by (le) (rate(vllm:e2e_request_latency_seconds_bucket{$pods}[2m]))) >= 0"
            " or sum(rate(vllm:e2e_request_latency_seconds_count{$pods}[2m])) == 0"
        )
        return [
            PrometheusTrigger(
                name="waiting-requests",
                query="sum(vllm:num_requests_waiting{$pods})",
                threshold=scaling.queue_depth,
                metric_type="AverageValue",
            ),
            PrometheusTrigger(name="p95-latency", query=latency, threshold=scaling.p95_seconds, metric_type="Value"),
        ]
