"""`models/<name>/`: the parts that only one model has. This module needs only Python's standard library.

Its Dockerfile, if any, has a stage for each image that the model needs: `serving`, a model server of its own, and `weights`, files for the
model store below `/weights`.
"""

from __future__ import annotations

import re
from pathlib import Path

FOLDERS = Path(__file__).parents[2] / "models"
"""Has a folder for each model with files of its own: an image, weights, questions."""

STAGES = {"server": "serving", "weights": "weights"}
"""Key of a model's image in the stack file → stage of the model's Dockerfile."""

STAGE = re.compile(r"^\s*FROM\s.*\sAS\s+(\S+)\s*$", re.MULTILINE | re.IGNORECASE)


def images(folder: Path) -> dict[str, str]:
    """Images that the Dockerfile in this folder builds: key in the stack file → stage. Empty without a Dockerfile."""
    dockerfile = folder / "Dockerfile"
    stages = {name.lower() for name in STAGE.findall(dockerfile.read_text())} if dockerfile.is_file() else set()
    return {image: stage for image, stage in STAGES.items() if stage in stages}
