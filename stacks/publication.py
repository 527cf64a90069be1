"""Uploads the weights that an image of a model's own carries, for the model's pods or its managed endpoint."""

from __future__ import annotations

from components.serving.model import Model
from components.serving.model_publication import ModelPublication, ModelPublicationArgs
from stacks.config import StackConfig
from stacks.images import weights_image
from stacks.platform import Platform


def publication(config: StackConfig, platform: Platform, model: Model) -> ModelPublication | None:
    """Upload the model's own weights; return None if its files are in the store, or elsewhere, already."""
    weights = weights_image(config, model.name)
    if weights is None or platform.store is None:
        return None
    return ModelPublication(f"{model.name}-weights", ModelPublicationArgs(weights_image=weights), platform.store, platform.options)
