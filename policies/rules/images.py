"""Image references in the shapes of containers, custom resources and charts, and the rules for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.artifacts import NOT_BUILT
from policies.rules.aws.endpoints import MODEL
from policies.rules.pods import WITH_PODS, containers
from policies.rules.resource import Resource
from policies.rules.rule import Rule
from policies.settings import Settings

RELEASE = "kubernetes:helm.sh/v3:Release"
CACHED_IMAGE = "kubernetes:caching.internal.knative.dev/v1alpha1:Image"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
WITH_IMAGES = (*WITH_PODS, RELEASE, CACHED_IMAGE, CONFIG_MAP, MODEL)
ONE_IMAGE = {CACHED_IMAGE: "spec.image", MODEL: "primaryContainer.image"}
"""Types with one image → its path."""

TAGS = ("tag", "version")
DIGESTS = ("digest", "sha")


@dataclass(frozen=True)
class Image:
    """`path`: property path of the image. `reference`: `host/repository[:tag][@digest]`."""

    path: str
    reference: str

    @property
    def digest(self) -> str:
        return self.reference.partition("@")[2]

    @property
    def is_placeholder(self) -> bool:
        """True if the image is a preview's placeholder for one that is not built yet; no registry can have it, and an `up` is refused."""
        return self.reference.startswith(f"{NOT_BUILT}/")

    @property
    def tag(self) -> str:
        return self.reference.partition("@")[0].rpartition("/")[2].partition(":")[2]


def images(resource: Resource) -> Iterator[Image]:
    if resource.type == RELEASE:
        yield from _in_values(resource.get("values", {}), "values")
    elif resource.type == CONFIG_MAP:
        # Knative reads its sidecar's image from here (knative/serving:pkg/deployment/config.go, QueueSidecarImageKey).
        data = resource.get("data", {})
        yield from (Image(f"data.{key}", data[key]) for key in data if key.endswith("-image"))
    elif (path := ONE_IMAGE.get(resource.type)) and (reference := resource.get(path)):
        yield Image(path, reference)
    for _, container in containers(resource):
        if reference := container.get("image"):
            yield Image(f"{container.path}.image", reference)


def _in_values(value: Any, path: str) -> Iterator[Image]:  # noqa: ANN401 - values have no schema
    if isinstance(value, Mapping):
        if "repository" in value or isinstance(value.get("image"), str):
            yield Image(path, _composed(value))
        for key in value:
            if isinstance(value[key], str) and key.endswith("Image"):
                yield Image(f"{path}.{key}", value[key])
            else:
                yield from _in_values(value[key], f"{path}.{key}")
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for position in range(len(value)):
            yield from _in_values(value[position], f"{path}[{position}]")


def _composed(values: Mapping[str, Any]) -> str:
    """Compose a reference: `image` is the whole reference, as in a container, or the name beside `tag`, as in KServe's chart."""
    name = "/".join(str(values[key]) for key in ("registry", "repository", "image") if isinstance(values.get(key), str))
    tag = next((f":{values[key]}" for key in TAGS if values.get(key)), "")
    digest = next((f"@sha256:{str(values[key]).removeprefix('sha256:')}" for key in DIGESTS if values.get(key)), "")
    return f"{name}{tag}{digest}"


def _fixed_tags(resource: Resource, _settings: Settings) -> Iterator[str]:
    for image in images(resource):
        if image.tag == "latest" or image.tag.endswith("-latest"):
            yield f"{image.path}: {image.reference} is a tag that moves"
        elif not image.tag and not image.digest:
            yield f"{image.path}: {image.reference} has neither tag nor digest"


def _digests(resource: Resource, settings: Settings) -> Iterator[str]:
    if settings.digests_required:
        yield from (
            f"{image.path}: {image.reference} has no digest"
            for image in images(resource)
            if not image.digest.startswith("sha256:") and not image.is_placeholder and image.reference not in settings.digests_pending
        )


def _registries(resource: Resource, settings: Settings) -> Iterator[str]:
    if not settings.any_registry:
        for image in images(resource):
            if (
                not image.is_placeholder
                and not image.reference.startswith(settings.registries)
                and ".dkr.ecr." not in image.reference.partition("/")[0]
            ):
                yield f"{image.path}: {image.reference} comes from a registry that is not on the list"


RULES: tuple[Rule, ...] = (
    Rule(
        name="image-tag-fixed",
        title="An image has a fixed tag or a digest",
        why="`latest` may be another program after every restart, without a way back to the previous one.",
        fix="Give the image a version in components/versions.py.",
        severity="high",
        types=WITH_IMAGES,
        check=_fixed_tags,
        reference="https://kubernetes.io/docs/concepts/containers/images/#image-names",
    ),
    Rule(
        name="image-digest",
        title="In prod, an image has a digest",
        why="A tag can be pushed again; a digest always means the same bytes.",
        fix="Run `make lock`, and name your own images by `@sha256:`.",
        severity="high",
        types=WITH_IMAGES,
        check=_digests,
        reference="https://kubernetes.io/docs/concepts/containers/images/#image-names",
    ),
    Rule(
        name="image-registry",
        title="An image comes from a listed registry or from ECR",
        why="Software beside the models must be chosen deliberately, so that it can be mirrored and scanned.",
        fix="Use an image of components/versions.py or of the account's ECR, or allow the registry (docs/pull-requests.md).",
        severity="high",
        types=WITH_IMAGES,
        extensible=("registries",),
        check=_registries,
    ),
)
