"""The models that are served."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic.json_schema import WithJsonSchema

from components.serving.autoscaling import Replicas
from stacks.config.section import AmountConfig, ResourcesConfig, Section

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


ModelAddress = Annotated[str, AfterValidator(_address), WithJsonSchema({"type": "string", "pattern": ADDRESS.replace("?P<bucket>", "")})]


class MnistResourcesConfig(ResourcesConfig):
    requests: AmountConfig = AmountConfig.model_validate({"cpu": "1", "memory": "2Gi"})
    limits: AmountConfig = AmountConfig.model_validate({"cpu": "2", "memory": "4Gi"})


class CpuScalingConfig(Section):
    metric: Literal["cpu"] = Field("cpu", description="What replicas follow: CPU use.")
    target: Annotated[int, Field(ge=1, le=100)] = Field(80, description="Percent of the requested CPU.")


class MnistConfig(Section):
    """The MNIST classifier."""

    model: ModelAddress = Field(description="The weights' address in the model store: s3://<bucket>/<key>.")
    replicas: Replicas = Field(Replicas(min=1, max=3), description="Fewest and most replicas.")
    scaling: CpuScalingConfig = CpuScalingConfig.model_validate({})
    resources: MnistResourcesConfig = MnistResourcesConfig.model_validate({})
    ready_within_seconds: Annotated[int, Field(ge=30, le=1800)] = Field(
        100, description="From applied to the first right answer, image pulls included; then the deployment has failed."
    )


class ServicesConfig(Section):
    mnist: MnistConfig | None = Field(None, description="Handwritten digits. Left out: not deployed.")

    @property
    def models(self) -> dict[str, str]:
        """Every model's address, by the key that names it."""
        return {"mnist.model": self.mnist.model} if self.mnist else {}
