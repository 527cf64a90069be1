"""The choice of the image that runs a model's server."""

from __future__ import annotations

from components.artifacts import Mirror
from components.serving.servers.server import Server
from stacks.config.platform import ModelImagesConfig


def chosen(server: Server, named: ModelImagesConfig | None, mirror: Mirror) -> str | None:
    """Return the entry's own image, the kind's pinned one, or the one that the section `images` names; None if it is still to be built."""
    if server.image:
        return server.image
    if server.pinned:
        return mirror.image(server.pinned).reference
    return named.server if named else None
