"""What an `up` of this stack still needs: images that nobody has built, and digests that nobody has looked up."""

from __future__ import annotations

import pulumi

from components.artifacts import missing
from components.lock import LOCK_FILE, committed
from components.pins import PINS
from components.serving.model import FOLDERS
from components.serving.model_service import ModelService
from stacks.config import StackConfig
from stacks.images import unbuilt

SHOWN = 3
"""Addresses of artifacts without a digest that the list repeats; `make lock` finds them all."""


def check(config: StackConfig) -> None:
    """Warn in a preview, with the command for each thing that is missing; refuse an `up` without it. Raises pulumi.RunError.

    To be called before anything is registered: what is registered already is still made when the program fails.
    """
    images, digests = absent_images(config), absent_digests(config)
    required = [*images, *(digests if config.safeguards.digests == "required" else [])]
    if required and not pulumi.runtime.is_dry_run():
        raise pulumi.RunError("\n".join(["this `up` needs first:", *required]))
    if images or digests:
        pulumi.log.warn("\n".join(["an `up` of this stack needs first:" if required else "worth doing before an `up`:", *images, *digests]))


def absent_images(config: StackConfig) -> list[str]:
    """Return one line for each model whose server nobody has built, with its weights where they belong into the store."""
    return [_buildable(config.models[name], name) if (FOLDERS / name).is_dir() else _unnamed(name) for name in unbuilt(config)]


def _buildable(model: ModelService, name: str) -> str:
    setting = f"`pulumi config set --path inference-platform:images.{name}"
    weights = f" and {setting}.weights <reference>`, or `make publish` to {model.sources[0]}" if model.reads_store else ""
    return f"  images.{name}: build models/{name} (docs/models.md), then {setting}.server <reference>`{weights}"


def _unnamed(name: str) -> str:
    return f"  models.{name}.server.image: name the image of its server; there is no folder models/{name} to build one from"


def absent_digests(config: StackConfig) -> list[str]:
    unknown = [] if config.mirror.digests == "drop" else missing(PINS.values(), committed())
    if not unknown:
        return []
    more = f" and {len(unknown) - SHOWN} more" if len(unknown) > SHOWN else ""
    return [f"  digests of {len(unknown)} artifacts in components/{LOCK_FILE.name}: `make lock` ({', '.join(unknown[:SHOWN])}{more})"]
