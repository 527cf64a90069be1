"""`models/<name>/` holds the parts that only one model has. A folder's name is the model's name in the stack file.

Each folder is a root of Python packages, because a name with a hyphen cannot be a package itself. components/serving/folder.py tells which
images its Dockerfile builds.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from components.serving.folder import STAGES
from components.serving.folder import images as built
from scripts.commands import ROOT

FOLDER = "models"


def folder(name: str, root: Path = ROOT) -> Path:
    """The folder of a model; it exists only if the model has parts of its own."""
    return root / FOLDER / name


def folders(root: Path = ROOT) -> list[Path]:
    """The folders of all models, by name."""
    return sorted(path for path in (root / FOLDER).glob("*") if path.is_dir())


def add_to_path(names: Iterable[str] | None = None, root: Path = ROOT) -> None:
    """Make the packages of these models' folders, or of all, importable."""
    for path in folders(root) if names is None else [folder(name, root) for name in names]:
        if path.is_dir() and str(path) not in sys.path:
            sys.path.append(str(path))


def images(name: str, root: Path = ROOT) -> dict[str, str]:
    """Images that this model's Dockerfile builds: key in the stack file → stage. Empty without a Dockerfile."""
    return built(folder(name, root))


def image_name(name: str, image: str) -> str:
    """The repository of a model's image, `<model>-serving` or `<model>-weights`."""
    return f"{name}-{STAGES[image]}"


def main() -> int:
    """Print every image of every model, or of the model in MODEL_NAME, as the matrix of a GitHub workflow."""
    wanted = os.environ.get("MODEL_NAME")
    found = [
        {"model": path.name, "image": image, "stage": stage, "name": image_name(path.name, image)}
        for path in folders()
        if wanted in (None, "", path.name)
        for image, stage in images(path.name).items()
    ]
    if not found:
        print(
            f"error: no image to build: no {FOLDER}/{wanted or '*'}/Dockerfile with a stage {' or '.join(STAGES.values())}", file=sys.stderr
        )
        return 1
    print(f"images={json.dumps(found)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
