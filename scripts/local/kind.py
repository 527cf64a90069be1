"""`python -m scripts.local.kind CLUSTER`: this repository's images into a kind cluster, and their names into Pulumi.local.yaml.

For the weekly workflow, on a checkout that is thrown away; needs docker and kind.
"""

from __future__ import annotations

import os
import sys

import yaml

from scripts.commands import ROOT, show
from scripts.errors import DriverError
from scripts.local.workspace import STACK
from scripts.stack_file import PROJECT

TARGETS = {"mnist": "serving", "mnistWeights": "weights"}
"""Key below `images` → build target of images/mnist."""

REPOSITORY = "kind.local"
"""Knative asks no registry for the digest of such a tag (serving: registries-skipping-tag-resolving, config-deployment)."""


def main() -> int:
    (cluster,) = sys.argv[1:]
    names = {key: f"{REPOSITORY}/mnist-{target}:checkout" for key, target in TARGETS.items()}
    try:
        for key, target in TARGETS.items():
            show(["docker", "build", "--target", target, "--tag", names[key], "images/mnist"], os.environ)
            show(["kind", "load", "docker-image", names[key], "--name", cluster], os.environ)
    except DriverError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    file = ROOT / f"Pulumi.{STACK}.yaml"
    content = yaml.safe_load(file.read_text())
    content["config"][f"{PROJECT}:images"] = names
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
