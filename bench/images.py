"""Builds the bench's images and the user's images into the registry's store, once per content.

A marker file per image records its inputs and the pushed digest. The marker is written last, so a killed build
continues with its current image. A marker whose image is no longer in the store does not count.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench import buildah, context, progress, registry
from bench.errors import BenchError
from bench.image_table import IMAGES, PYTORCH, Image
from bench.lock import exclusive
from bench.paths import CACHE

MARKERS = CACHE / "images"
CONTEXTS = CACHE / "contexts"
LOCK = CACHE / "images.lock"

BASE = "BASE"
"""Build argument that names the base image of a user's Containerfile; `PYTORCH` is the default."""

TAG_LENGTH = 12


def ensure(references: Iterable[str]) -> None:
    """Build and push the images of the table, and their bases, that are not in the store. Raises BenchError with the failed image."""
    wanted = [IMAGES[reference] for reference in _with_bases(references)]
    missing = [image for image in wanted if not _stored(image.reference, key(image))]
    if len(missing) < len(wanted):
        progress.line("cached     images", f"{len(wanted) - len(missing)} of {len(wanted)}")
    if not missing:
        return
    with _building() as address:
        for image in missing:
            if not _stored(image.reference, key(image)):  # another process may have built it while this one waited
                with progress.step(f"building   {image.reference}"):
                    _make(image, address)
        buildah.prune()


def build_context(folder: Path, name: str, target: str | None = None, build_args: Mapping[str, str] | None = None) -> str:
    """Build a folder with a Containerfile or Dockerfile, push it as `bench.local/<name>:<content hash>` and return that reference.

    The hash covers the target, the build arguments, the base, and the folder without the files that `.dockerignore` excludes.
    """
    arguments = {BASE: PYTORCH} | dict(build_args or {})
    base = IMAGES.get(arguments[BASE])
    content = _hash(context.digest(folder), target, sorted(arguments.items()), key(base) if base else None)
    reference = f"bench.local/{name}:{content[:TAG_LENGTH]}"
    if any(known.startswith(f"bench.local/{name}:") for known in IMAGES):
        raise BenchError(f"bench.local/{name} is one of the bench's own images; choose another name")
    if _stored(reference, content):
        progress.line(f"cached     {reference}", "image")
        return reference
    if base:
        ensure([base.reference])
    with _building() as address, progress.step(f"building   {reference}"):
        if base:
            buildah.ensure_local(base.reference, address)
        # All builds of an image share one local name, so that older ones lose it and `prune` finds them.
        local = f"bench.local/{name}:latest"
        buildah.build(folder, local, target=target, build_args=arguments)
        _record(reference, content, buildah.push(local, reference, address))
    return reference


def key(image: Image) -> str:
    """A key that changes whenever the image can change: its Containerfile, its parts or its bases."""
    parts = [(name, part.key()) for name, part in sorted(image.parts.items())]
    return _hash(image.reference, image.containerfile.read_text(), parts, [key(IMAGES[base]) for base in image.bases])


@contextmanager
def _building() -> Iterator[str]:
    """Hold the build lock and remove the leftovers of a killed build; yields the address of the registry to push to."""
    with exclusive(LOCK, "the image build"), registry.serving() as address:
        shutil.rmtree(CONTEXTS, ignore_errors=True)
        buildah.clear_leftovers()
        yield address


def _with_bases(references: Iterable[str]) -> list[str]:
    """The references and all their base images, in the table's order, which puts bases first."""
    needed = set(references)
    for reference in reversed(list(IMAGES)):
        if reference in needed:
            needed.update(IMAGES[reference].bases)
    return [reference for reference in IMAGES if reference in needed]


def _make(image: Image, address: str) -> None:
    for base in image.bases:
        buildah.ensure_local(base, address)
    CONTEXTS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CONTEXTS) as folder:
        shutil.copyfile(image.containerfile, Path(folder) / "Containerfile")
        for name, part in image.parts.items():
            part.write(Path(folder) / name)
        buildah.build(Path(folder), image.reference, network=image.network)
    _record(image.reference, key(image), buildah.push(image.reference, image.reference, address))
    if image.reference not in _started_from():
        buildah.remove(image.reference)


def _started_from() -> set[str]:
    """Images whose unpacked layers are kept because other builds start from them."""
    return {PYTORCH}.union(*(image.bases for image in IMAGES.values()))


def _record(reference: str, content: str, digest: str) -> None:
    marker = _marker(reference)
    marker.parent.mkdir(parents=True, exist_ok=True)
    partial = marker.with_suffix(".partial")
    partial.write_text(json.dumps({"key": content, "digest": digest}))
    partial.replace(marker)


def _stored(reference: str, content: str) -> bool:
    """True if the store has `reference` made from exactly this content."""
    try:
        marker = json.loads(_marker(reference).read_text())
    except FileNotFoundError:
        return False
    return bool(marker["key"] == content and marker["digest"] == registry.stored_digest(reference))


def _marker(reference: str) -> Path:
    return MARKERS / f"{reference.replace('/', '_').replace(':', '_')}.json"


def _hash(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
