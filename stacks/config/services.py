"""The models that are served."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, Tag, ValidationInfo, field_validator
from pydantic.json_schema import WithJsonSchema

from components.serving.autoscaling import Replicas, check_lower_bound
from components.serving.rollout import EXPERIMENT_HEADER, check_canary, check_groups, check_shadow, check_versions
from components.serving.vllm import Quantization, ToolCallParser, check_latency
from stacks.config.section import AmountConfig, ImageReference, ResourcesConfig, Section, chosen_by

ADDRESS = r"^s3://(?P<bucket>[a-z0-9][a-z0-9-]+)/[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$"


def bucket_of(address: str) -> str:
    """`s3://models/mnist/a.pt` → `models`. Raises ValueError for what is no address of an object."""
    match = re.fullmatch(ADDRESS, address)
    if not match:
        raise ValueError(f'"{address}" is not the address of a model; write s3://<bucket>/<key>, for example s3://models/mnist/a.pt')
    return match["bucket"]


def _address(value: str) -> str:
    bucket_of(value)
    return value


def _bound(seconds: float) -> float:
    check_latency(seconds)
    return seconds


ModelAddress = Annotated[str, AfterValidator(_address), WithJsonSchema({"type": "string", "pattern": ADDRESS.replace("?P<bucket>", "")})]
Percent = Annotated[int, Field(ge=0, le=100)]
VersionName = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,14}[a-z0-9])?$")]
"""With the service's name before it, and `keda-hpa-` before that, it still is a Kubernetes name."""


class MnistResourcesConfig(ResourcesConfig):
    requests: AmountConfig = AmountConfig.model_validate({"cpu": "1", "memory": "2Gi"})
    limits: AmountConfig = AmountConfig.model_validate({"cpu": "2", "memory": "4Gi"})


class CpuScalingConfig(Section):
    """Standard mode."""

    metric: Literal["cpu"] = Field("cpu", description="What replicas follow: CPU use.")
    target: Annotated[int, Field(ge=1, le=100)] = Field(80, description="Percent of the requested CPU.")


class RequestScalingConfig(Section):
    """Knative mode."""

    window_seconds: Annotated[int, Field(ge=6, le=3600)] = Field(
        60, description="What the load is averaged over. Twice the target is acted on after a tenth of it."
    )
    scale_down_delay_seconds: Annotated[int, Field(ge=0, le=3600)] = Field(
        0, description="How long the load must have been low before a replica goes."
    )
    scale_to_zero: bool = Field(
        False, description="true: no replica without requests; the next one waits for a start. Wants replicas.min 1."
    )


class ConcurrencyScalingConfig(RequestScalingConfig):
    metric: Literal["concurrency"] = Field(description="What replicas follow: requests at the same time.")
    target: Annotated[int, Field(ge=1, le=1000)] = Field(10, description="For one replica.")


class RpsScalingConfig(RequestScalingConfig):
    metric: Literal["rps"] = Field(description="What replicas follow: requests per second.")
    target: Annotated[int, Field(ge=1, le=100000)] = Field(100, description="For one replica.")


MnistScalingConfig = Annotated[
    Annotated[CpuScalingConfig, Tag("cpu")]
    | Annotated[ConcurrencyScalingConfig, Tag("concurrency")]
    | Annotated[RpsScalingConfig, Tag("rps")],
    chosen_by("metric", "cpu", "concurrency", "rps"),
]


class CanaryConfig(Section):
    """A candidate beside the stable model. To promote it, make it `model` and leave the canary out."""

    model: ModelAddress | None = Field(None, description="The candidate's address. Left out: the stable one.")
    image: ImageReference | None = Field(None, description="The candidate's server. Left out: images.mnist.")
    percent: Percent = Field(description="Its share of the requests. 0 rolls back at once; docs/serving.md says how it is then removed.")


class MnistConfig(Section):
    """The MNIST classifier."""

    model: ModelAddress = Field(description="The weights' address in the model store: s3://<bucket>/<key>.")
    replicas: Replicas = Field(Replicas(min=1, max=3), description="Fewest and most replicas.")
    scaling: MnistScalingConfig = CpuScalingConfig.model_validate({})
    canary: CanaryConfig | None = Field(None, description="A candidate that gets a share of the requests; metric concurrency or rps.")
    resources: MnistResourcesConfig = MnistResourcesConfig.model_validate({})
    ready_within_seconds: Annotated[int, Field(ge=30, le=1800)] = Field(
        100, description="From applied to the first right answer, image pulls included; then the deployment has failed."
    )

    @field_validator("scaling")
    @classmethod
    def _one_lower_bound(cls, scaling: MnistScalingConfig, others: ValidationInfo) -> MnistScalingConfig:
        if isinstance(scaling, RequestScalingConfig) and "replicas" in others.data:
            check_lower_bound(scaling.scale_to_zero, others.data["replicas"])
        return scaling

    @field_validator("canary")
    @classmethod
    def _is_another_and_gets_its_share(cls, canary: CanaryConfig | None, others: ValidationInfo) -> CanaryConfig | None:
        if canary is None:
            return canary
        scaling = others.data.get("scaling")
        if scaling is not None and scaling.metric == "cpu":
            raise ValueError("needs scaling.metric concurrency or rps: with cpu KServe would ignore the percentage")
        check_canary(others.data.get("model"), canary)
        return canary

    @property
    def on_knative(self) -> bool:
        return isinstance(self.scaling, RequestScalingConfig)


class VersionConfig(Section):
    """One version beside others."""

    name: VersionName
    model: ModelAddress = Field(description="The model's address in the store: a folder of a Hugging Face model.")
    image: ImageReference | None = Field(None, description="Another server image than the platform's vLLM.")
    weight: Percent = Field(description="Percent of the requests; all versions' together are 100. 0 keeps it running.")


class QueueScalingConfig(Section):
    """Replicas of each version follow its queue and its latency, as Prometheus has them."""

    queue_depth: Annotated[int, Field(ge=1, le=1000)] = Field(4, description="Waiting requests for one replica.")
    p95_seconds: Annotated[float, AfterValidator(_bound)] = Field(0.5, description="A bound of vLLM's latency histogram.")


class SmollmResourcesConfig(ResourcesConfig):
    requests: AmountConfig = AmountConfig.model_validate({"cpu": "2", "memory": "8Gi"})
    limits: AmountConfig = AmountConfig.model_validate({"cpu": "3", "memory": "12Gi"})


class ExperimentConfig(Section):
    """A/B: requests with a group's name in the header get that group's version."""

    header: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]*$")] = EXPERIMENT_HEADER
    groups: Annotated[dict[str, str], Field(min_length=1, max_length=15)] = Field(description="Group → version.")


class ShadowConfig(Section):
    """A version of weight 0 that gets copies of requests; nobody sees its answers."""

    version: str
    percent: Annotated[int, Field(ge=1, le=100)] = Field(100, description="Of the requests that are copied.")


class SmollmConfig(Section):
    """Text generation by SmolLM on GPUs."""

    versions: Annotated[list[VersionConfig], Field(min_length=1, max_length=8)] = Field(description="What is served, and to how many.")
    experiment: ExperimentConfig | None = Field(None, description="Who gets a version by name.")
    shadow: ShadowConfig | None = Field(None, description="Who gets copies only.")
    replicas: Replicas = Field(Replicas(min=1, max=2), description="Fewest and most replicas of each version.")
    scaling: QueueScalingConfig = QueueScalingConfig.model_validate({})
    gpus: Literal[1] = Field(1, description="Of each replica: the model's 9 attention heads do not divide among two.")
    resources: SmollmResourcesConfig = SmollmResourcesConfig.model_validate({})
    quantization: Quantization | None = Field(None, description="How the weights are quantised, where they are.")
    tool_calling: ToolCallParser | None = Field(None, description="The parser of the model's calls of tools. Left out: it makes none.")
    ready_within_seconds: Annotated[int, Field(ge=60, le=3600)] = Field(
        1500, description="From applied to the first answer: a GPU node, 10 GB of image and the load included."
    )

    @field_validator("versions")
    @classmethod
    def _add_up(cls, versions: list[VersionConfig]) -> list[VersionConfig]:
        check_versions(versions)
        return versions

    @field_validator("experiment")
    @classmethod
    def _known_groups(cls, experiment: ExperimentConfig | None, others: ValidationInfo) -> ExperimentConfig | None:
        if experiment and "versions" in others.data:
            check_groups(experiment.groups, _weights(others.data["versions"]))
        return experiment

    @field_validator("shadow")
    @classmethod
    def _known_shadow(cls, shadow: ShadowConfig | None, others: ValidationInfo) -> ShadowConfig | None:
        if shadow and "versions" in others.data:
            check_shadow(shadow.version, _weights(others.data["versions"]))
        return shadow


class ServicesConfig(Section):
    mnist: MnistConfig | None = Field(None, description="Handwritten digits. Left out: not deployed.")
    smollm: SmollmConfig | None = Field(None, description="Text generation. Left out: not deployed.")

    @property
    def models(self) -> dict[str, str]:
        """Every model's address, by the key that names it."""
        addresses = {f"smollm.versions[{index}].model": version.model for index, version in enumerate(self._versions)}
        if self.mnist:
            addresses["mnist.model"] = self.mnist.model
        if self.mnist and self.mnist.canary and self.mnist.canary.model:
            addresses["mnist.canary.model"] = self.mnist.canary.model
        return addresses

    @property
    def images(self) -> dict[str, str]:
        """Every image that a service names itself, by its key."""
        named = {f"smollm.versions[{index}].image": version.image for index, version in enumerate(self._versions) if version.image}
        if self.mnist and self.mnist.canary and self.mnist.canary.image:
            named["mnist.canary.image"] = self.mnist.canary.image
        return named

    @property
    def needs(self) -> dict[str, list[str]]:
        """By service, the sections that must be switched on for it."""
        by_service: dict[str, list[str]] = {}
        if self.mnist:
            by_service["mnist"] = ["kserve", "model_store", *(["knative", "envoy_gateway"] if self.mnist.on_knative else [])]
        if self.smollm:
            by_service["smollm"] = ["kserve", "model_store", "envoy_gateway", "keda"]
        return by_service

    @property
    def _versions(self) -> list[VersionConfig]:
        return self.smollm.versions if self.smollm else []


def _weights(versions: list[VersionConfig]) -> dict[str, int]:
    return {version.name: version.weight for version in versions}
