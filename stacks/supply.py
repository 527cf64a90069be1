"""Lists what an `up` of this stack still needs: images, weights, digests. Each item has the command that provides it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

import pulumi

from components.artifacts import missing
from components.lock import LOCK_FILE, committed
from components.pins import PINS
from components.serving.folder import FOLDERS, STAGES, images
from components.serving.sources import is_in_a_store
from stacks.config import StackConfig
from stacks.images import unbuilt, weights_image

NEEDED = "an `up` of this stack needs first:"
ADVISED = "worth doing before an `up`:"
SHOWN = 3
"""Most artifacts without a digest that the list names; `make lock` finds them all."""

Kind = Literal["models", "images", "weights", "digests"]


class Need(NamedTuple):
    """One thing that is missing. `required`: an `up` is refused without it."""

    kind: Kind
    what: str
    command: str
    required: bool

    def __str__(self) -> str:
        return f"  {self.what}: {self.command}"


def check(config: StackConfig) -> None:
    """Warn in a preview, with the command for each missing thing; refuse an `up` without a required one. Raises pulumi.RunError.

    Call it before anything is registered: Pulumi still creates registered resources when the program fails.
    """
    found = needs(config)
    required, advised = [need for need in found if need.required], [need for need in found if not need.required]
    if required and not pulumi.runtime.is_dry_run():
        raise pulumi.RunError(_text(NEEDED, required))
    if texts := [_text(head, listed) for head, listed in ((NEEDED, required), (ADVISED, advised)) if listed]:
        pulumi.log.warn("\n".join(texts))


def needs(config: StackConfig) -> list[Need]:
    """Return everything that is missing, in the order in which to provide it."""
    return [*_models(config), *_images(config), *_weights(config), *_digests(config)]


def _models(config: StackConfig) -> Iterator[Need]:
    if not config.models:
        yield Need("models", "no model is configured", "write one below inference-platform:models (README.md)", required=False)


def _images(config: StackConfig) -> Iterator[Need]:
    stage = STAGES["server"]
    for name in unbuilt(config):
        build = f"`docker build --push --target {stage} --tag <reference> models/{name}`, then {_setting(name, 'server')}"
        other = f"name it in models.{name}.server.image, or give models/{name}/Dockerfile a stage `{stage}` that builds it"
        yield Need("images", f"image of {name}'s server", build if "server" in images(FOLDERS / name) else other, required=True)


def _weights(config: StackConfig) -> Iterator[Need]:
    """Return weights that may be missing. Only the store knows whether it has a model's files, so an `up` is not refused."""
    for name, model in config.models.items():
        stored = [source for source in model.sources if is_in_a_store(source)]
        if stored and config.model_store.enabled and weights_image(config, name) is None:
            publish = " and ".join(f"`make publish FILE=<file> TO={source}`" for source in stored)
            image = f", or {_setting(name, 'weights')} for an image that an `up` publishes" if not model.versions else ""
            yield Need("weights", f"weights of {name}, unless the store has them", f"{publish}{image}", required=False)


def _digests(config: StackConfig) -> Iterator[Need]:
    unknown = [] if config.mirror.digests == "drop" else missing(PINS.values(), committed())
    if unknown:
        more = f" and {len(unknown) - SHOWN} more" if len(unknown) > SHOWN else ""
        what = f"digests of {len(unknown)} artifacts in components/{LOCK_FILE.name} ({', '.join(unknown[:SHOWN])}{more})"
        yield Need("digests", what, "`make lock`", required=config.safeguards.digests == "required")


def _setting(name: str, key: str) -> str:
    return f"`pulumi config set --path inference-platform:images.{name}.{key} <reference>`"


def _text(head: str, listed: list[Need]) -> str:
    return "\n".join([head, *map(str, listed)])
