"""What a service needs of the sections before it. A section with a mistake of its own counts as what it should be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic.alias_generators import to_camel

from components.artifacts import parse_image
from stacks.config.services import ServicesConfig, bucket_of

Sections = Mapping[str, Any]


def unmet(services: ServicesConfig, found: Sections) -> list[str]:
    """One text for each service that lacks something."""
    lacks = {service: _missing(service, sections, found) for service, sections in services.needs.items()}
    return [
        f"{service} needs {', '.join(missing)}; set what is missing, or leave services.{service} out"
        for service, missing in lacks.items()
        if missing
    ]


def outside_the_store(services: ServicesConfig, found: Sections) -> list[str]:
    store = found.get("model_store")
    return [
        f'{key}: "{address}" is not in the model store; its bucket is {store.bucket}'
        for key, address in services.models.items()
        if store is not None and bucket_of(address) != store.bucket
    ]


def without_digest(services: ServicesConfig, found: Sections) -> list[str]:
    safeguards = found.get("safeguards")
    required = safeguards is not None and safeguards.digests == "required"
    return [
        f'{key}: "{reference}" has no digest, and safeguards.digests: required wants <repository>:<tag>@sha256:<digest>'
        for key, reference in services.images.items()
        if required and not parse_image(reference).digest
    ]


def candidate_is_stable(services: ServicesConfig, found: Sections) -> list[str]:
    """A canary that differs by its image, from an image that is the same."""
    mnist, images = services.mnist, found.get("images")
    if mnist is None or mnist.canary is None or mnist.canary.image is None or images is None:
        return []
    same = mnist.canary.image == images.mnist and mnist.canary.model in (None, mnist.model)
    return [f"mnist.canary: image {mnist.canary.image} is the stable one too"] if same else []


def _missing(service: str, sections: list[str], found: Sections) -> list[str]:
    missing = [f"{to_camel(name)}.enabled: true" for name in sections if name in found and not found[name].enabled]
    return [*missing, *_missing_parts(service, found)]


def _missing_parts(service: str, found: Sections) -> list[str]:
    images, monitoring, gpu = (found.get(name) for name in ("images", "monitoring", "gpu"))
    if service == "mnist":
        named = {"images.mnist": images is None or images.mnist, "images.mnistWeights": images is None or images.mnist_weights}
    else:
        named = {
            "monitoring.enabled: true or monitoring.prometheusUrl": monitoring is None or monitoring.enabled or monitoring.prometheus_url,
            "gpu.mode: managed or existing": gpu is None or gpu.mode != "none",
        }
    return [name for name, there in named.items() if not there]
