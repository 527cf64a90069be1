"""The images that run and publish models."""

from __future__ import annotations

from components.artifacts import NOT_BUILT, Mirror, parse_image
from components.serving.model import Model
from components.serving.sagemaker import placed
from components.versions import DOCKER_HUB
from stacks.config import StackConfig
from stacks.config.images import chosen


def server_image(config: StackConfig, model: Model, mirror: Mirror) -> str:
    """Return the reference of the image that runs the model's server, or of a placeholder if it is still to be built."""
    return chosen(model.entry.server, config.images.get(model.name), mirror) or f"{NOT_BUILT}/{model.name}-serving:none"


def weights_image(config: StackConfig, name: str) -> str | None:
    """Return the reference of the image that carries the model's weights; None if its files are published in another way."""
    images = config.images.get(name)
    return images.weights if images else None


def unbuilt(config: StackConfig) -> list[str]:
    """Return the names of the models whose server's image is still to be built."""
    return [name for name, model in config.models.items() if not chosen(model.server, config.images.get(name), Mirror())]


def registries(config: StackConfig) -> set[str]:
    """Return the hosts of the models' own images, which require credentials that only nodes have."""
    in_cluster = placed(config.models, "kubernetes").values()
    own = [model.server.image for model in in_cluster if model.server.image]
    own += [version.image for model in in_cluster for version in model.versions if version.image]
    own += [reference for images in config.images.values() for reference in images.named.values()]
    return {parse_image(reference).registry or DOCKER_HUB for reference in own}
