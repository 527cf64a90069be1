"""The images that run and publish models: the entry's own, the kind's pinned one, or the one that was built from the model's folder."""

from __future__ import annotations

import re

from components.artifacts import Mirror
from components.serving.model import FOLDERS, Model
from stacks.config import StackConfig

NOT_BUILT = "not-built.invalid"
"""The registry of images that nobody has built yet, in a preview: a name that resolves nowhere (RFC 2606). An `up` is refused."""


def server_image(config: StackConfig, model: Model, mirror: Mirror) -> str:
    """Return the reference of the image that runs the model's server; of a placeholder where it is still to be built."""
    server = model.entry.server
    if server.image:
        return server.image
    if server.pinned:
        return mirror.image(server.pinned).reference
    return _named(config, model, "server") or f"{NOT_BUILT}/{model.name}-serving:none"


def weights_image(config: StackConfig, model: Model) -> str | None:
    """Return the reference of the image that carries the model's weights; None where its files come from elsewhere."""
    expected = model.entry.reads_store and "weights" in targets(model.name)
    return _named(config, model, "weights") or (f"{NOT_BUILT}/{model.name}-weights:none" if expected else None)


def unbuilt(config: StackConfig, models: list[Model], mirror: Mirror) -> list[str]:
    """Return the keys below `images` that an `up` still needs."""
    found = {
        f"{model.name}.{key}": reference
        for model in models
        for key, reference in (("server", server_image(config, model, mirror)), ("weights", weights_image(config, model)))
    }
    return [key for key, reference in found.items() if reference and reference.startswith(NOT_BUILT)]


def registries(config: StackConfig) -> set[str]:
    """Return the hosts of the models' own images, which want credentials that only nodes have."""
    own = [model.server.image for model in config.models.values() if model.server.image]
    own += [version.image for model in config.models.values() for version in model.versions if version.image]
    own += [reference for images in config.images.values() for reference in images.named.values()]
    return {host for reference in own if (host := _host(reference))}


def targets(name: str) -> set[str]:
    """Return the build targets of the model's folder; none where it has no Dockerfile."""
    file = FOLDERS / name / "Dockerfile"
    return set(re.findall(r"^FROM .* AS (\w+)$", file.read_text(), re.MULTILINE)) if file.is_file() else set()


def _named(config: StackConfig, model: Model, key: str) -> str | None:
    images = config.images.get(model.name)
    return images.named.get(key) if images else None


def _host(reference: str) -> str | None:
    """Return the registry of a reference; one that names none is Docker Hub's (distribution/reference:normalize.go)."""
    first, slash, _ = reference.partition("/")
    return first if slash and (set(".:") & set(first) or first == "localhost") else "docker.io"
