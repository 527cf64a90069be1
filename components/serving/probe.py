"""The question that a model must answer before it counts as deployed, and what makes an answer right."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from components.declared import Declared

Count = Annotated[int, Field(ge=0)]


class Answer(Declared):
    """JSON Schema of an answer or of a part of it, with the keywords that components/in_cluster/answers.py checks."""

    type: Literal["object", "array", "string", "number", "integer", "boolean", "null"] | None = Field(None, description="Its JSON type.")
    required: list[str] = Field(default_factory=list, description="Keys that an object must have.")
    properties: dict[str, Answer] = Field(
        default_factory=dict, description="Key of an object → schema of its value, if the object has the key."
    )
    items: Answer | None = Field(None, description="Schema of every item of an array.")
    min_items: Count | None = Field(None, description="Fewest items of an array.")
    max_items: Count | None = Field(None, description="Most items of an array.")
    min_length: Count | None = Field(None, description="Fewest characters of a text.")
    minimum: float | None = Field(None, description="Smallest number.")
    maximum: float | None = Field(None, description="Largest number.")
    const: Any = Field(None, description="The only right value.")
    enum: list[Any] | None = Field(None, description="All right values.")
    description: str | None = Field(None, description="For readers; nothing checks it.")

    def schema_of_json(self) -> dict[str, Any]:
        """Return the schema with the keywords that were written, and no others."""
        return self.model_dump(by_alias=True, exclude_unset=True, exclude_none=True)

    @field_validator("const")
    @classmethod
    def _no_null(cls, value: object) -> object:
        if value is None:
            raise ValueError("null is written as type: null")
        return value


class Probe(Declared):
    """One request to the model. Without `request` it is a GET, and any answer with status 200 whose schema holds is right."""

    path: Annotated[str, Field(pattern=r"^/[!-~]*$")] | None = Field(
        None, description="Path of the request. Left out: the protocol's path for predictions, or for a GET its path for readiness."
    )
    request: dict[str, Any] | None = Field(None, description="The JSON body of a POST. Left out: a GET without a body.")
    answer: Answer = Field(Answer(), description="JSON Schema of a right answer. Left out: any answer with status 200.")
