"""The models' images on the user's own cluster: built on this machine, and loaded by the tool that made the cluster."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from scripts import model_folders
from scripts.commands import answer, show
from scripts.errors import DriverError

REPOSITORY = "kind.local"
"""Knative asks no registry for the digest of such a tag (serving: registries-skipping-tag-resolving, config-deployment)."""

BUILDERS = ("docker", "podman", "buildah")
CACHED_NAMES = "jsonpath={range .items[*]}{.status.images[*].names}{end}"
ID_LENGTH = 12


def loader(context: str) -> list[str]:
    """Return the command that loads an image archive, whose path follows it, into the cluster of this kubectl context; empty if unknown."""
    if context.startswith("kind-"):
        return ["kind", "load", "image-archive", "--name", context.removeprefix("kind-")]
    if context.startswith("k3d-"):
        return ["k3d", "image", "import", "--cluster", context.removeprefix("k3d-")]
    return ["minikube", "image", "load"] if context == "minikube" else []


def images(names: Iterable[str], named: Mapping[str, Mapping[str, str]], environment: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Build and load the images of these models that the stack file does not name; return their references by model and key.

    `named`: the stack file's `images`. On a cluster that no known tool made nothing is built: only its user knows a registry for it.
    """
    load = loader(answer(["kubectl", "config", "current-context"], environment))
    wanted = {name: _missing(name, named.get(name) or {}) for name in names} if load else {}
    return {
        name: {image: _loaded(name, image, stage, load, environment) for image, stage in stages.items()}
        for name, stages in wanted.items()
        if stages
    }


def _missing(name: str, named: Mapping[str, str]) -> dict[str, str]:
    return {image: stage for image, stage in model_folders.images(name).items() if image not in named}


def _loaded(name: str, image: str, stage: str, load: Sequence[str], environment: Mapping[str, str]) -> str:
    """Build an image and load it unless the nodes have it. Its tag follows its content, so a changed image is a new version."""
    builder = _builder()
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder) / "id"
        source = f"{model_folders.FOLDER}/{name}"
        show([builder, "build", "--target", stage, "--iidfile", str(record), source], os.environ)
        identity = record.read_text().strip()
        reference = f"{REPOSITORY}/{model_folders.image_name(name, image)}:{identity.removeprefix('sha256:')[:ID_LENGTH]}"
        if reference in answer(["kubectl", "get", "nodes", "--output", CACHED_NAMES], environment):
            return reference
        show([builder, "tag", identity, reference], os.environ)
        archive = Path(folder) / "image.tar"
        show(_saved(builder, reference, archive), os.environ)
        show([*load, str(archive)], os.environ)
    return reference


def _builder() -> str:
    for name in BUILDERS:
        if shutil.which(name):
            return name
    raise DriverError(f"the models' images are built with {', '.join(BUILDERS[:-1])} or {BUILDERS[-1]}, and none is on PATH")


def _saved(builder: str, reference: str, archive: Path) -> list[str]:
    if builder == "buildah":
        return ["buildah", "push", reference, f"docker-archive:{archive}:{reference}"]
    return [builder, "save", "--output", str(archive), reference]
