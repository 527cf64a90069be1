"""The parts that every section of a stack file is made of."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pulumi
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, model_validator
from pydantic.alias_generators import to_camel
from pydantic.json_schema import WithJsonSchema

from components.artifacts import parse_image
from components.quantities import CpuQuantity, MemoryQuantity, amount
from components.scheduling import Effect

NAMESPACE = "inference-platform"


class Section(BaseModel):
    """One level of the stack file."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, validate_by_alias=True, arbitrary_types_allowed=True)


UNKNOWN_CHOICE = "unknown_choice"


def chosen_by(key: str, default: str, *others: str) -> Discriminator:
    """Which member of a union a section is: the value of `key`, or `default` where it is left out.

    Every member is `Annotated[<Section>, Tag(<value>)]`.
    """

    def chosen(section: Any) -> str:  # noqa: ANN401 - whatever stands in the file, or a member's own default
        value = section.get(key, default) if isinstance(section, dict) else getattr(section, key, default)
        return str(value)

    return Discriminator(
        chosen,
        custom_error_type=UNKNOWN_CHOICE,
        custom_error_message="unknown choice",
        custom_error_context={"key": key, "expected": ", ".join([default, *others])},
    )


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
Name = Annotated[str, Field(pattern=r"^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$")]


class AmountConfig(Section):
    cpu: CpuQuantity
    memory: MemoryQuantity


class ResourcesConfig(Section):
    """Per replica. Requests are what the scheduler keeps free, limits what a replica may reach."""

    requests: AmountConfig
    limits: AmountConfig

    @model_validator(mode="after")
    def _requests_within_limits(self) -> ResourcesConfig:
        for name in ("cpu", "memory"):
            request, limit = getattr(self.requests, name), getattr(self.limits, name)
            if amount(request) > amount(limit):
                raise ValueError(f"requests.{name} {request} is greater than limits.{name} {limit}")
        return self


class TolerationConfig(Section):
    """Of a pod, as Kubernetes spells it."""

    key: str
    operator: Literal["Exists", "Equal"] = "Exists"
    value: str | None = None
    effect: Effect | None = None
