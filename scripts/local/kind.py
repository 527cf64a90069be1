"""`python -m scripts.local.kind CLUSTER`: loads the models' images into a kind cluster, and writes their names to Pulumi.local.yaml.

For the weekly workflow, on a checkout that is thrown away; needs docker and kind.
"""

from __future__ import annotations

import os
import sys

import yaml

from scripts import model_folders
from scripts.commands import ROOT, show
from scripts.errors import DriverError
from scripts.local.workspace import STACK
from scripts.stack_file import PROJECT

REPOSITORY = "kind.local"
"""Knative asks no registry for the digest of such a tag (serving: registries-skipping-tag-resolving, config-deployment)."""


def main() -> int:
    (cluster,) = sys.argv[1:]
    file = ROOT / f"Pulumi.{STACK}.yaml"
    content = yaml.safe_load(file.read_text())
    names = content["config"].get(f"{PROJECT}:models") or {}
    try:
        images = {name: loaded for name in names if (loaded := _loaded(name, cluster))}
    except DriverError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    content["config"][f"{PROJECT}:images"] = images
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    return 0


def _loaded(name: str, cluster: str) -> dict[str, str]:
    """Build and load the images of a model; return each one's key in the stack file, and its reference."""
    references = {}
    for image, stage in model_folders.images(name, ROOT).items():
        references[image] = f"{REPOSITORY}/{model_folders.image_name(name, image)}:checkout"
        folder = f"{model_folders.FOLDER}/{name}"
        show(["docker", "build", "--target", stage, "--tag", references[image], folder], os.environ)
        show(["kind", "load", "docker-image", references[image], "--name", cluster], os.environ)
    return references


if __name__ == "__main__":
    sys.exit(main())
