"""Any image that serves a model over HTTP: the kind for all servers without a kind of their own."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

import pulumi
from pydantic import Field, model_validator

from components.declared import Secret
from components.gpu import GpuDemand
from components.pods import SCRATCH
from components.serving import sagemaker
from components.serving.protocols import PROTOCOLS, Protocol, ProtocolName
from components.serving.servers.server import HTTP_PORT, SCRATCH_MOUNT, Server

HttpPath = Annotated[str, Field(pattern=r"^/[!-~]*$")]
EnvironmentName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]


class CustomServer(Server):
    """Any image. It runs as user 65532 with a read-only file system; /tmp is writable, and is HOME."""

    kind: Literal["custom"] = Field(description="Any image that serves a model over HTTP.")
    command: list[str] = Field(default_factory=list, description="Replaces the image's entrypoint.")
    args: list[str] = Field(default_factory=list, description="Its arguments.")
    env: dict[EnvironmentName, str] = Field(default_factory=dict, description="Environment variables.")
    secret_env: dict[EnvironmentName, Secret] = Field(
        default_factory=dict, description="Environment variables that are secret: pulumi config set --secret --path ..."
    )
    port: Annotated[int, Field(ge=1024, le=65535)] = Field(HTTP_PORT, description="The port that it listens on.")
    protocol: ProtocolName = Field("v1", description="Protocol of its clients; v1 and v2 are KServe's.")
    ready_path: HttpPath | None = Field(None, description="Path whose GET answers 200 once it serves. Left out: the protocol's own path.")
    live_path: HttpPath | None = Field(None, description="Path whose GET answers 200 while it lives. Left out: it is never restarted.")
    metrics: HttpPath | None = Field(None, description="Path of its metrics for Prometheus. Left out: it has none.")
    gpus: Annotated[int, Field(ge=0, le=16)] = Field(0, description="Whole GPUs of each replica.")
    start_seconds: Annotated[int, Field(ge=1, le=3600)] = Field(120, description="Longest start, before the container is restarted.")

    source_required: ClassVar[bool] = False

    @model_validator(mode="after")
    def _one_value_for_each_variable(self) -> Self:
        if twice := sorted(self.env.keys() & self.secret_env.keys()):
            raise ValueError(f"{twice[0]} is in env and in secretEnv")
        return self

    @property
    def protocol_spoken(self) -> Protocol:
        return PROTOCOLS[self.protocol]

    @property
    def model_format(self) -> str:
        return "custom"

    @property
    def http_port(self) -> int:
        return self.port

    @property
    def metrics_path(self) -> str | None:
        return self.metrics

    @property
    def gpu_count(self) -> int:
        return self.gpus

    @property
    def gpu_demand(self) -> GpuDemand:
        return GpuDemand(count=self.gpus, field="server.gpus")

    @property
    def secrets(self) -> Mapping[str, pulumi.Output[str]]:
        return self.secret_env

    @property
    def variables(self) -> Collection[str]:
        return {*self.env, *self.secret_env}

    @property
    def longest_start_seconds(self) -> int:
        return self.start_seconds

    def sagemaker_environment(self, model: str) -> dict[str, str]:  # noqa: ARG002 - /invocations has no model's name
        if self.command or self.args:
            raise ValueError("placement sagemaker: SageMaker starts the image with the argument `serve` alone; leave command and args out")
        if self.secret_env:
            raise ValueError("placement sagemaker: SageMaker shows the environment to all who may describe the model; leave secretEnv out")
        for field in ("ready_path", "live_path", "metrics"):
            if field in self.model_fields_set:
                key = CustomServer.model_fields[field].alias
                raise ValueError(f"placement sagemaker: SageMaker asks /ping alone, and collects its own metrics; leave {key} out")
        if self.port != sagemaker.PORT:
            raise ValueError(f"placement sagemaker: SageMaker asks port {sagemaker.PORT}; let the server listen there and leave port out")
        return dict(self.env)

    def container(self, model: str) -> dict[str, Any]:
        ready = {"httpGet": {"path": self.ready_path or self.protocol_spoken.ready_path(model), "port": self.port}, "timeoutSeconds": 5}
        live = {"httpGet": {"path": self.live_path, "port": self.port}, "timeoutSeconds": 5, "periodSeconds": 10, "failureThreshold": 6}
        return {
            **({"command": self.command} if self.command else {}),
            **({"args": self.args} if self.args else {}),
            "env": [{"name": name, "value": value} for name, value in {"HOME": SCRATCH, **self.env}.items() if name not in self.secret_env],
            "startupProbe": {**ready, "periodSeconds": 1, "failureThreshold": self.longest_start_seconds},
            "readinessProbe": {**ready, "periodSeconds": 5, "failureThreshold": 2},
            **({"livenessProbe": live} if self.live_path else {}),
            "volumeMounts": [SCRATCH_MOUNT],
        }
