"""Stack files with services in all modes, for tests: what they stand on is switched on."""

from __future__ import annotations

from typing import Any

from tests.stack_files import local

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
    return {"name": name, "model": f"s3://models/smollm/{name}", "weight": weight, **more}


def whole(mnist: dict[str, Any] | None = None, smollm: dict[str, Any] | None = None, **sections: Any) -> dict[str, Any]:  # noqa: ANN401
    services: dict[str, Any] = {}
    if mnist is not None:
        services["mnist"] = {"model": "s3://models/mnist/a.pt", "scaling": {"metric": "concurrency"}, **mnist}
    if smollm is not None:
        services["smollm"] = {"versions": [version("v1", 100)], **smollm}
    return local(**{**PLATFORM, "services": services, **sections})
