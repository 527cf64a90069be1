"""A `local` stack as it was last deployed, for its readers: its configuration in the state folder, its outputs from a stub of pulumi."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from scripts.local.client import Deployed, deployed
from scripts.local.cluster import Cluster
from scripts.local.workspace import Workspace
from tests.model_files import whole
from tests.stack_files import NAMESPACE, SMOLLM
from tests.unit.mlops.fake_kubectl import CLUSTER

STATE = f".local/state/inference-platform/{CLUSTER}"
"""The driver's folder below HOME, for a cluster of the user's."""

COUNTER = {
    "server": {"kind": "custom", "image": "registry.example/counter:1"},
    "probe": {"path": "/count", "request": {"text": "one two"}, "answer": {"required": ["words"], "properties": {"words": {"const": 2}}}},
}
"""The entry of a model without a folder: all that it can be asked is its probe's request."""

SILENT = {"server": {"kind": "custom", "image": "registry.example/silent:1"}}
"""The entry of a model of which nothing is known but that it is ready."""


def sections(**more: Any) -> dict[str, Any]:  # noqa: ANN401 - any YAML
    smollm = {"versions": [{"name": name, "source": f"s3://models/{name}", "weight": 50} for name in ("v1", "v2")]}
    return whole(mnist={}, smollm=smollm, models={"counter": COUNTER, "silent": SILENT}, **more)


def written(folder: Path, given: Mapping[str, Any]) -> Path:
    file = folder / "Pulumi.local.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"config": {f"{NAMESPACE}{key}": value for key, value in given.items()}}))
    return file


def stack(folder: Path, addresses: Mapping[str, str], given: Mapping[str, Any] | None = None) -> Deployed:
    written(folder, sections() if given is None else given)
    return deployed({"endpoints": addresses}, Cluster(folder / "kubeconfig", folder), Workspace(folder, {}))


def address(url: str, model: str, path: str | None = None) -> str:
    """The address of a model whose Service is at this machine's own address, where a stub serves `url`."""
    known = "/v1/completions" if model == SMOLLM else f"/v1/models/{model}:predict"
    return f"http://{model}.default.svc.cluster.local:{urlsplit(url).port}{path or known}"
