"""Types that a stack file declares and components use unchanged; their keys are camelCase in the file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

import pulumi
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Discriminator, Field, model_validator
from pydantic.alias_generators import to_camel
from pydantic.json_schema import WithJsonSchema
from pydantic_core import PydanticCustomError

from components.artifacts import parse_image
from components.base import Args


class Declared(Args):
    """One level of a declaration. Frozen; an unknown key is an error."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_alias=True)

    renamed: ClassVar[Mapping[str, str]] = {}
    """Keys of earlier releases and their replacements."""


class Bounds(Declared):
    """The bounds of a number, `max` included."""

    min: int
    max: int

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"min {self.min} is greater than max {self.max}")
        return self


UNKNOWN_CHOICE = "unknown_choice"
NOT_TEXT = "not_text"
"""pydantic's type of the mistake that a secret is no text; its message never shows the value."""


def chosen_by(key: str, *choices: str, default: str = "", implied: dict[str, str] | None = None) -> Discriminator:
    """Choose the member of a union by the value of `key`, or `default` if the key is left out. Without a default the key is required.

    Every member is `Annotated[<type>, Tag(<value>)]`. `implied`: keys that only one member has, with that member's value; such a key
    makes `key` optional.
    """

    def chosen(section: Any) -> str:  # noqa: ANN401 - whatever stands in the file, or a member's own default
        if not isinstance(section, dict):
            return str(getattr(section, key, choices[0]))
        return str(section[key] if key in section else next((value for name, value in (implied or {}).items() if name in section), default))

    return Discriminator(
        chosen,
        custom_error_type=UNKNOWN_CHOICE,
        custom_error_message="unknown choice",
        custom_error_context={"key": key, "expected": ", ".join(choices)},
    )


def _readable(reference: str) -> str:
    parse_image(reference)
    return reference


def _secret(value: object) -> object:
    if isinstance(value, pulumi.Output):
        return value
    if not isinstance(value, str):
        raise PydanticCustomError(NOT_TEXT, "it should be text")
    return pulumi.Output.secret(value)


Secret = Annotated[pulumi.Output[str], BeforeValidator(_secret), WithJsonSchema({"type": "string"})]
"""Text that becomes a secret Output, even if the stack file does not encrypt it."""

ImageReference = Annotated[str, AfterValidator(_readable)]
Name = Annotated[str, Field(pattern=r"^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$")]
