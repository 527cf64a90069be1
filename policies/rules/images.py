"""Every image that a resource names: of containers, of custom resources, and of a Release's values in the shapes that charts give them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from policies.rules.pods import WITH_PODS, containers
from policies.rules.resource import Resource

RELEASE = "kubernetes:helm.sh/v3:Release"
CACHED_IMAGE = "kubernetes:caching.internal.knative.dev/v1alpha1:Image"
ENVOY_PROXY = "kubernetes:gateway.envoyproxy.io/v1alpha1:EnvoyProxy"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
WITH_IMAGES = (*WITH_PODS, RELEASE, CACHED_IMAGE, ENVOY_PROXY, CONFIG_MAP)
FIELDS = {CACHED_IMAGE: "spec.image", ENVOY_PROXY: "spec.provider.kubernetes.envoyDeployment.container.image"}
TAGS = ("tag", "version")
DIGESTS = ("digest", "sha")


@dataclass(frozen=True)
class Image:
    """`path`: where it is named. `reference`: `host/repository[:tag][@digest]`."""

    path: str
    reference: str

    @property
    def digest(self) -> str:
        return self.reference.partition("@")[2]

    @property
    def tag(self) -> str:
        return self.reference.partition("@")[0].rpartition("/")[2].partition(":")[2]


def images(resource: Resource) -> Iterator[Image]:
    if resource.type == RELEASE:
        yield from _in_values(resource.get("values", {}), "values")
    elif resource.type == CONFIG_MAP:
        # Knative takes its sidecar's from here (knative/serving:pkg/deployment/config.go, QueueSidecarImageKey).
        data = resource.get("data", {})
        yield from (Image(f"data.{key}", data[key]) for key in data if key.endswith("-image"))
    elif resource.type in FIELDS:
        path = FIELDS[resource.type]
        if reference := resource.get(path):
            yield Image(path, reference)
    for _, container in containers(resource):
        if reference := container.get("image"):
            yield Image(f"{container.path}.image", reference)


def _in_values(value: Any, path: str) -> Iterator[Image]:  # noqa: ANN401 - values have no schema
    if isinstance(value, Mapping):
        if "repository" in value or _split(value):
            yield Image(path, _composed(value))
        for key in value:
            if isinstance(value[key], str) and key.endswith("Image"):
                yield Image(f"{path}.{key}", value[key])
            else:
                yield from _in_values(value[key], f"{path}.{key}")
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for position in range(len(value)):
            yield from _in_values(value[position], f"{path}[{position}]")


def _split(values: Mapping[str, Any]) -> bool:
    """KServe's shape: the name is `image`, beside its tag."""
    return isinstance(values.get("image"), str) and "tag" in values


def _composed(values: Mapping[str, Any]) -> str:
    name = "/".join(str(values[key]) for key in ("registry", "repository", "image") if isinstance(values.get(key), str))
    tag = next((f":{values[key]}" for key in TAGS if values.get(key)), "")
    digest = next((f"@sha256:{str(values[key]).removeprefix('sha256:')}" for key in DIGESTS if values.get(key)), "")
    return f"{name}{tag}{digest}"
