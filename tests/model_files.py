"""Stack files with models in all modes, for tests: what they stand on is switched on."""

from __future__ import annotations

from typing import Any

from tests.stack_files import MNIST, SMOLLM, local

PLATFORM: dict[str, Any] = {
    "gpu": {"mode": "existing"},
    "gatewayApi": {"enabled": True},
    "envoyGateway": {"enabled": True},
    "knative": {"enabled": True},
    "keda": {"enabled": True},
    "gpuOperator": {"enabled": True},
    "monitoring": {"enabled": True},
}


def version(name: str, weight: int, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any YAML
    return {"name": name, "source": f"s3://models/smollm/{name}", "weight": weight, **more}


def classifier(**given: Any) -> dict[str, Any]:  # noqa: ANN401 - any YAML
    """An entry like mnist-classifier's; without versions of its own it has one source."""
    source = {} if "versions" in given else {"source": "s3://models/mnist/a.pt"}
    replicas = {"min": 1, "max": 3}
    return {"server": {"kind": "pytorch"}, **source, "replicas": replicas, "scaling": {"metric": "concurrency"}, **given}


def text_generation(**given: Any) -> dict[str, Any]:  # noqa: ANN401 - any YAML
    """An entry like smollm-text-generation's; `server` has the keys of its server but the kind."""
    server = {"kind": "vllm", "maxModelLen": 2048, **given.pop("server", {})}
    source = {} if {"versions", "source"} & given.keys() else {"versions": [version("v1", 100)]}
    return {"server": server, **source, "replicas": {"min": 1, "max": 2}, **given}


def whole(
    mnist: dict[str, Any] | None = None,
    smollm: dict[str, Any] | None = None,
    models: dict[str, Any] | None = None,
    **sections: Any,  # noqa: ANN401 - any YAML
) -> dict[str, Any]:
    """A stack with these models: `mnist` and `smollm` change the two of the mission, `models` has whole entries."""
    entries = dict(models or {})
    if mnist is not None:
        entries[MNIST] = classifier(**mnist)
    if smollm is not None:
        entries[SMOLLM] = text_generation(**smollm)
    return local(**{**PLATFORM, "models": entries, **sections})
