"""The protocols by which clients ask a model, with the question that every server of a protocol can answer."""

from __future__ import annotations

from typing import Any, Literal

from components.base import Args
from components.serving.probe import Answer, Probe

ProtocolName = Literal["v1", "v2", "openai"]


class Protocol(Args):
    """`predict`, `ready`: paths, with `{model}` for the model's name. `kserve`: what KServe calls the protocol."""

    name: ProtocolName
    kserve: Literal["v1", "v2"]
    predict: str
    ready: str

    def path(self, model: str) -> str:
        """Return the path for predictions."""
        return self.predict.format(model=model)

    def ready_path(self, model: str) -> str:
        return self.ready.format(model=model)

    def probe(self, model: str) -> Probe:
        """Return the question for a model without its own: readiness, or a short completion."""
        if self.name != "openai":
            return Probe()
        # Few tokens: a slow start must not look like a slow answer.
        question = {"model": model, "prompt": "The capital of France is", "max_tokens": 8, "temperature": 0}
        return Probe(request=question, answer=Answer.model_validate(COMPLETION))


COMPLETION: dict[str, Any] = {
    "type": "object",
    "required": ["choices"],
    "properties": {
        "choices": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}},
        }
    },
}
"""There must be text, but any text is right."""

PROTOCOLS = {
    protocol.name: protocol
    for protocol in (
        Protocol(name="v1", kserve="v1", predict="/v1/models/{model}:predict", ready="/v1/models/{model}"),
        Protocol(name="v2", kserve="v2", predict="/v2/models/{model}/infer", ready="/v2/models/{model}/ready"),
        # KServe has no name for OpenAI's protocol; without one it would write v2 itself.
        Protocol(name="openai", kserve="v2", predict="/v1/completions", ready="/v1/models"),
    )
}
