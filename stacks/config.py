"""What a stack file may say: one frozen model of the whole stack, and the loader that reads it.

Field names become the keys of `Pulumi.<stack>.yaml` in camelCase, below `inference-platform:`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Set
from typing import Annotated, Any, Literal

import pulumi
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic.json_schema import WithJsonSchema

from components.artifacts import parse_image
from components.serving.autoscaling import Replicas
from stacks.config_errors import ConfigError, explain
from stacks.quantities import Quantity, amount

NAMESPACE = "inference-platform"


class Section(BaseModel):
    """One level of the stack file."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, validate_by_alias=True, arbitrary_types_allowed=True)


def _with_tag(reference: str) -> str:
    parse_image(reference)
    return reference


def _secret(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("it should be text")  # noqa: TRY004 - pydantic collects ValueErrors only
    return pulumi.Output.secret(value)


Secret = Annotated[pulumi.Output[str], BeforeValidator(_secret), WithJsonSchema({"type": "string"})]
"""Text that leaves this module only as a secret Output, whether or not the stack file encrypts it."""

ImageReference = Annotated[str, AfterValidator(_with_tag)]
ModelAddress = Annotated[str, Field(pattern=r"^s3://models/[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$")]


class ClusterConfig(Section):
    """Which cluster. `existing` is whatever the kubeconfig points at; a person's own by default."""

    kind: Literal["existing"] = Field("existing", description="An existing cluster, reached by a kubeconfig.")
    kubeconfig: Secret | None = Field(None, description="Path of a kubeconfig, or its contents. Default: KUBECONFIG, then ~/.kube/config.")
    context: str | None = Field(None, description="Context in the kubeconfig. Default: its current one.")
    identifier: str | None = Field(
        None, description="A name that stays with the cluster; when it changes, everything in the cluster is replaced, not updated."
    )


class MirrorConfig(Section):
    """Where charts, manifests and images come from instead of upstream."""

    charts: str | None = Field(None, description="A folder of <name>-<version>.tgz files, or an oci:// prefix.")
    manifests: str | None = Field(None, description="A folder of <name>-<version>.yaml release manifests.")
    images: dict[str, str] = Field(default_factory=dict, description="Image prefix → replacement; the longest prefix wins.")
    digests: Literal["keep", "drop"] = Field("keep", description="`drop` when the mirror's images are builds of their own.")


class SwitchConfig(Section):
    enabled: bool = Field(True, description="false: this platform does not install it; the cluster may have its own.")


class ModelStoreConfig(SwitchConfig):
    """The S3 store for models."""

    mode: Literal["standalone", "distributed"] = Field("standalone", description="One server, or a set that survives losing some.")
    replicas: Annotated[int, Field(ge=1, le=16)] = Field(1, description="Servers, one drive each; distributed needs 4 or more.")
    storage_size: Quantity = Field("5Gi", description="Size of each server's drive.")

    @model_validator(mode="after")
    def _enough_drives(self) -> ModelStoreConfig:
        if self.mode == "distributed" and self.replicas < 4:
            raise ValueError(f"mode distributed needs replicas of 4 to 16, not {self.replicas}")
        if self.mode == "standalone" and self.replicas != 1:
            raise ValueError(f"mode standalone has replicas 1, not {self.replicas}; mode distributed takes 4 to 16")
        return self


class ImagesConfig(Section):
    """Our own images, named by whoever built them."""

    mnist: ImageReference | None = Field(None, description="The MNIST predictor: images/mnist, target serving.")
    mnist_weights: ImageReference | None = Field(None, description="The trained weights: images/mnist, target weights.")


class AmountConfig(Section):
    cpu: Quantity
    memory: Quantity


class ResourcesConfig(Section):
    """Per replica. Requests are what the scheduler keeps free, limits what a replica may reach."""

    requests: AmountConfig = AmountConfig.model_validate({"cpu": "1", "memory": "2Gi"})
    limits: AmountConfig = AmountConfig.model_validate({"cpu": "2", "memory": "4Gi"})

    @model_validator(mode="after")
    def _requests_within_limits(self) -> ResourcesConfig:
        for name in ("cpu", "memory"):
            request, limit = getattr(self.requests, name), getattr(self.limits, name)
            if amount(request) > amount(limit):
                raise ValueError(f"requests.{name} {request} is greater than limits.{name} {limit}")
        return self


class CpuScalingConfig(Section):
    metric: Literal["cpu"] = Field("cpu", description="What replicas follow: CPU use.")
    target: Annotated[int, Field(ge=1, le=100)] = Field(80, description="Percent of the requested CPU.")


class MnistConfig(Section):
    """The MNIST classifier."""

    model: ModelAddress = Field(description="The weights' address in the model store: s3://models/<key>.")
    replicas: Replicas = Field(Replicas(min=1, max=3), description="Fewest and most replicas.")
    scaling: CpuScalingConfig = CpuScalingConfig.model_validate({})
    resources: ResourcesConfig = ResourcesConfig.model_validate({})
    ready_within_seconds: Annotated[int, Field(ge=30, le=1800)] = Field(
        100, description="From applied to the first right answer, image pulls included; then the deployment has failed."
    )


class ServicesConfig(Section):
    mnist: MnistConfig | None = Field(None, description="Handwritten digits. Left out: not deployed.")


class StackConfig(Section):
    """A whole stack."""

    cluster: ClusterConfig = ClusterConfig.model_validate({})
    mirror: MirrorConfig = MirrorConfig.model_validate({})
    cert_manager: SwitchConfig = Field(SwitchConfig.model_validate({}), description="Certificates of the webhooks.")
    kserve: SwitchConfig = Field(SwitchConfig.model_validate({}), description="The serving controller.")
    model_store: ModelStoreConfig = ModelStoreConfig.model_validate({})
    images: ImagesConfig = ImagesConfig.model_validate({})
    services: ServicesConfig = Field(ServicesConfig.model_validate({}), description="The models that are served.")

    @field_validator("services")
    @classmethod
    def _have_what_they_need(cls, services: ServicesConfig, others: ValidationInfo) -> ServicesConfig:
        """A rule of this field, not of the whole: so it is reported together with mistakes in other sections.

        A section with a mistake of its own is not among `others` and counts as what it should be.
        """
        if services.mnist is None:
            return services
        found = others.data
        needs = {
            "kserve.enabled: true": "kserve" not in found or found["kserve"].enabled,
            "modelStore.enabled: true": "model_store" not in found or found["model_store"].enabled,
            "images.mnist": "images" not in found or found["images"].mnist is not None,
            "images.mnistWeights": "images" not in found or found["images"].mnist_weights is not None,
        }
        if missing := [need for need, met in needs.items() if not met]:
            raise ValueError(f"mnist needs {', '.join(missing)}; set what is missing, or leave services.mnist out")
        return services


def load(stack: str) -> StackConfig:
    """The configuration that Pulumi was started with. Raises ConfigError with every mistake in it."""
    prefix = f"{NAMESPACE}:"
    # pulumi.Config looks keys up by name; only the whole map shows the ones that nobody asked for.
    given = {key: value for key, value in pulumi.runtime.config.CONFIG.get().items() if key.startswith(prefix)}
    secret = {key.removeprefix(prefix) for key in given if pulumi.runtime.is_config_secret(key)}
    return parse({key.removeprefix(prefix): _decoded(value) for key, value in given.items()}, stack, secret)


def parse(values: Mapping[str, Any], stack: str, secret_keys: Set[str] = frozenset()) -> StackConfig:
    """The model of `values`. `secret_keys`: top-level keys whose values no error may repeat. Raises ConfigError."""
    try:
        return StackConfig.model_validate(dict(values))
    except ValidationError as error:
        raise ConfigError(explain(error, StackConfig, f"Pulumi.{stack}.yaml", NAMESPACE, secret_keys)) from None


def _decoded(value: str) -> object:
    """Pulumi hands structured values over as JSON, and plain ones as they stand."""
    try:
        return json.loads(value)
    except ValueError:
        return value
