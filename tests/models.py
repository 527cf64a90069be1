"""Models as stack files declare them, for tests that need no whole stack."""

from __future__ import annotations

from typing import Any

from components.serving.model import Model
from components.serving.model_service import ModelService

CLASSIFIER, TEXT_GENERATION = "mnist-classifier", "smollm-text-generation"
CHAT = f"{TEXT_GENERATION}-chat"
"""A second language model. Its name begins like the first one's, so that a loose selector would match both."""


def declared(name: str, **entry: Any) -> Model:  # noqa: ANN401 - keys and values of an entry below `models:`
    return Model(name=name, entry=ModelService.model_validate(entry))


def classifier(name: str = CLASSIFIER, **changes: Any) -> Model:  # noqa: ANN401
    """A model of kind pytorch in Knative mode."""
    entry = {
        "server": {"kind": "pytorch"},
        "source": "s3://models/mnist/mnist_cnn_single_gpu.pt",
        "replicas": {"min": 1, "max": 3},
        "scaling": {"metric": "concurrency", "target": 10},
    }
    return declared(name, **(entry | changes))


def text_generation(name: str = TEXT_GENERATION, **changes: Any) -> Model:  # noqa: ANN401
    """A language model of kind vllm in Standard mode, with a stable version and a candidate."""
    entry = {
        "server": {"kind": "vllm", "maxModelLen": 2048},
        "versions": [
            {"name": "v1", "source": "s3://models/smollm/135m", "weight": 90},
            {"name": "v2", "source": "s3://models/smollm/360m", "weight": 10},
        ],
        "replicas": {"min": 1, "max": 2},
        "scaling": {"queueDepth": 4, "p95Seconds": 0.5},
    }
    return declared(name, **(entry | changes))


def custom(name: str = "iris-classifier", **changes: Any) -> Model:  # noqa: ANN401
    """A model of kind custom, whose image brings the model and has no metrics."""
    return declared(name, **({"server": {"kind": "custom", "image": "registry.example/iris:1"}} | changes))
