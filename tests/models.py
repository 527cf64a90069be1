"""Models as values, for tests that need no whole stack. Their entries are those of tests/model_files.py."""

from __future__ import annotations

from typing import Any

from components.serving.model import Model
from components.serving.model_service import ModelService
from tests import model_files, stack_files

CLASSIFIER, TEXT_GENERATION = stack_files.MNIST, stack_files.SMOLLM
CHAT = f"{TEXT_GENERATION}-chat"
"""A second language model. Its name begins like the first one's, so a loose selector would match both."""

VERSIONS = [model_files.version("v1", 90), model_files.version("v2", 10)]


def declared(name: str, **entry: Any) -> Model:  # noqa: ANN401 - keys and values of an entry below `models:`
    return Model(name=name, entry=ModelService.model_validate(entry))


def classifier(name: str = CLASSIFIER, **given: Any) -> Model:  # noqa: ANN401
    """A model of kind pytorch in Knative mode."""
    return declared(name, **model_files.classifier(**given))


def text_generation(name: str = TEXT_GENERATION, **given: Any) -> Model:  # noqa: ANN401
    """A language model of kind vllm in Standard mode, with a stable version and a candidate unless a source is given."""
    versions = {} if "source" in given else {"versions": VERSIONS}
    return declared(name, **model_files.text_generation(**{**versions, **given}))


def custom(name: str = "iris-classifier", **given: Any) -> Model:  # noqa: ANN401
    """A model of kind custom, whose image brings the model and has no metrics."""
    return declared(name, **{"server": {"kind": "custom", "image": "registry.example/iris:1"}, **given})
