"""Volumes that an object claims, directly or through the values of a Helm release."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from components.quantities import amount
from policies.rules.images import RELEASE
from policies.rules.resource import UNKNOWN, Resource, Unknown

CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"
STATEFUL_SET = "kubernetes:apps/v1:StatefulSet"


@dataclass(frozen=True)
class Volume:
    """`count` volumes of `gib` each."""

    count: int
    gib: float


def volumes(resource: Resource) -> Iterator[Volume]:
    """Volumes of a resource. Raises `Unknown` if the size or the number of a claim is unknown."""
    if resource.type == CLAIM:
        yield Volume(1, _requested(resource.properties, resource.name))
    elif resource.type == STATEFUL_SET:
        replicas = int(resource.get("spec.replicas", 1))
        for claim in resource.properties.get("spec", {}).get("volumeClaimTemplates") or []:
            yield Volume(replicas, _requested(claim, resource.name))
    elif resource.type == RELEASE:
        yield from _of_values(resource.properties.get("values") or {}, "values", 1)


def _of_values(values: Any, path: str, replicas: int) -> Iterator[Volume]:  # noqa: ANN401 - a chart's values are anything
    """Volumes in a chart's values. All charts with claims use the operator's spelling: `replicas` beside or above a `volumeClaimTemplate`.

    An unknown value elsewhere, such as a password, does not concern a volume.
    """
    if isinstance(values, list):
        for index, item in enumerate(values):
            yield from _of_values(item, f"{path}[{index}]", replicas)
    if not isinstance(values, Mapping):
        return
    own = values.get("replicas", values.get("replicaCount"))
    replicas = int(own) if isinstance(own, int | float) else replicas
    for key, value in values.items():
        if key == "volumeClaimTemplate":
            if own is UNKNOWN:
                raise Unknown(f"{path}.replicas")
            yield Volume(replicas, _requested(value, f"{path}.{key}"))
        else:
            yield from _of_values(value, f"{path}.{key}", replicas)


def _requested(claim: Any, path: str) -> float:  # noqa: ANN401
    for key in ("spec", "resources", "requests", "storage"):
        claim = claim.get(key) if isinstance(claim, Mapping) else claim
        path = f"{path}.{key}"
        if claim is UNKNOWN:
            raise Unknown(path)
    return gib(str(claim))


def gib(quantity: str) -> float:
    """`100Gi` → 100. Raises ValueError if the text is not a quantity."""
    return float(amount(quantity)) / 2**30
