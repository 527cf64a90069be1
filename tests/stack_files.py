"""Stack configurations for tests: the committed stack files, with values that only a machine or its owner knows."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

from scripts.local.overlays import find, laid_below

ROOT = Path(__file__).parents[1]
NAMESPACE = "inference-platform:"
MNIST, SMOLLM = "mnist-classifier", "smollm-text-generation"
IMAGES = {MNIST: {"server": "registry.example/mnist:1", "weights": "registry.example/mnist-weights:1"}}
IMAGES_BY_DIGEST = {
    model: {key: f"{reference}@sha256:{hashlib.sha256(key.encode()).hexdigest()}" for key, reference in images.items()}
    for model, images in IMAGES.items()
}
"""Made-up digests: a real one, which the workflow would print, stands in no stack file."""

BENCH_PROMETHEUS = {"prometheusUrl": "http://prometheus.monitoring.svc.cluster.local:9090", "labels": {"prometheus": "bench"}}
"""The Prometheus of a node with `--with monitoring`, which `make up` writes there too."""


def committed(stack: str) -> dict[str, Any]:
    """The keys below `inference-platform:` of a committed stack file."""
    return deepcopy(_read(stack))


@functools.cache
def _read(stack: str) -> dict[str, Any]:
    file = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())
    return {key.removeprefix(NAMESPACE): value for key, value in file["config"].items() if key.startswith(NAMESPACE)}


def local(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any YAML
    """`Pulumi.local.yaml` as `make up` completes it. `models__mnist_classifier__source` changes one value deep inside."""
    return changed({**committed("local"), "images": dict(IMAGES)}, changes)


def local_with_smollm(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any YAML
    """The configuration of `make up SMOLLM=1`: as above, with its overlay and the node's additions."""
    images = {**IMAGES, SMOLLM: {"weights": "registry.example/smollm-weights:1"}}
    return changed({**laid_below(local(), [find(SMOLLM)]), "images": images, "monitoring": dict(BENCH_PROMETHEUS)}, changes)


def dev(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any YAML
    """`Pulumi.dev.yaml` with the images of its services."""
    return changed({**committed("dev"), "images": dict(IMAGES)}, changes)


def prod(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any YAML
    """`Pulumi.prod.yaml` with the images of its services, by digest."""
    return changed({**committed("prod"), "images": dict(IMAGES_BY_DIGEST)}, changes)


def changed(values: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values with some of them changed. Two underscores lead a level down; a single one stands for a hyphen."""
    for path, value in changes.items():
        *sections, key = path.replace("__", "/").replace("_", "-").split("/")
        place = values = deepcopy(values)
        for section in sections:
            place = place.setdefault(section, {})
        place[key] = value
    return values
