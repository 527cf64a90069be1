"""Services that an object is, or that the values of a Helm release request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policies.rules.images import RELEASE
from policies.rules.resource import Resource, Unknown

SERVICE = "kubernetes:core/v1:Service"


@dataclass(frozen=True)
class Service:
    """`path`: path of its `type`. Reading an unknown value raises `Unknown`."""

    path: str
    fields: Mapping[str, Any]
    annotations: Mapping[str, Any]

    @property
    def kind(self) -> str | None:
        """`LoadBalancer`, for example; None for the default."""
        kind: str | None = self.fields.get("type")
        return kind


def services(resource: Resource) -> Iterator[Service]:
    if resource.type == SERVICE:
        yield Service("spec.type", resource.get("spec", {}), resource.get("metadata.annotations", {}))
    elif resource.type == RELEASE:
        yield from _of_values(resource.get("values", {}), "values")


def _of_values(values: Mapping[str, Any], path: str) -> Iterator[Service]:
    """Services in a chart's values: charts call them `service` or `somethingService`, with `type` and `annotations`."""
    for key in values:
        try:
            value = values[key]
        except Unknown:  # for example a password, which is not part of a Service
            continue
        if not isinstance(value, Mapping):
            continue
        if key.lower().endswith("service"):
            yield Service(f"{path}.{key}.type", value, value.get("annotations", {}))
        yield from _of_values(value, f"{path}.{key}")
