"""Stack configurations for tests: the committed `Pulumi.local.yaml`, with what only a machine knows."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
NAMESPACE = "inference-platform:"
IMAGES = {"mnist": "registry.example/mnist:1", "mnistWeights": "registry.example/mnist-weights:1"}


def committed(stack: str) -> dict[str, Any]:
    """The keys below `inference-platform:` of a committed stack file."""
    file = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())
    return {key.removeprefix(NAMESPACE): value for key, value in file["config"].items() if key.startswith(NAMESPACE)}


def local(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any YAML
    """`Pulumi.local.yaml` as `make up` completes it. A key `services__mnist__model` changes one value deep inside."""
    values = {**committed("local"), "images": dict(IMAGES)}
    for path, value in changes.items():
        *sections, key = path.split("__")
        place = values = deepcopy(values)
        for section in sections:
            place = place.setdefault(section, {})
        place[key] = value
    return values
