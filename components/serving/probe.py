"""The question that a model must answer before it counts as deployed, and what makes an answer right."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from components.declared import Declared
from components.in_cluster.answers import unknown_keywords


def _known(schema: dict[str, Any]) -> dict[str, Any]:
    if unknown := unknown_keywords(schema):
        raise ValueError(f"{', '.join(unknown)}: not among the keywords that are checked; docs/models.md lists them")
    return schema


Answer = Annotated[dict[str, Any], AfterValidator(_known)]


class Probe(Declared):
    """One request to the model. Without `request` it is a GET, and any answer with status 200 whose schema holds is right."""

    path: Annotated[str, Field(pattern=r"^/")] | None = Field(
        None, description="Where it is asked. Left out: the protocol's path for predictions, or for a GET its path for readiness."
    )
    request: dict[str, Any] | None = Field(None, description="The JSON body of a POST. Left out: a GET without a body.")
    answer: Answer = Field(default_factory=dict, description="JSON Schema of a right answer. Left out: any answer with status 200.")
