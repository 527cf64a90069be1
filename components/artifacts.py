"""Where a third-party chart or image comes from, and from where instead when the company mirrors it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from components.base import Args


class Chart(Args):
    """A Helm chart in an OCI registry. `repository` is the part before the chart's name, `oci://` included."""

    name: str
    repository: str
    version: str


class Manifest(Args):
    """A release manifest: one YAML file with the objects of a project's release, published under `url`."""

    name: str
    version: str
    url: str


class Image(Args):
    """A container image under its full upstream name, registry host included, so that one rule rewrites them all."""

    repository: str
    tag: str
    digest: str | None = None

    @property
    def reference(self) -> str:
        suffix = f"@{self.digest}" if self.digest else ""
        return f"{self.repository}:{self.tag}{suffix}"


class Mirror(Args):
    """Replacement places. With nothing set, everything comes from upstream."""

    charts: str | None = None
    manifests: str | None = None
    images: dict[str, str] = Field(default_factory=dict)
    digests: Literal["keep", "drop"] = "keep"

    def chart(self, chart: Chart) -> str:
        """The chart's location for Helm: an `oci://` address, or `<folder>/<name>-<version>.tgz` when mirrored by a folder."""
        place = self.charts or chart.repository
        if place.startswith("oci://"):
            return f"{place.rstrip('/')}/{chart.name}"
        return f"{place.rstrip('/')}/{chart.name}-{chart.version}.tgz"

    def manifest(self, manifest: Manifest) -> str:
        """The manifest's URL, or `<folder>/<name>-<version>.yaml` when mirrored; the folder may be an https:// address."""
        return f"{self.manifests.rstrip('/')}/{manifest.name}-{manifest.version}.yaml" if self.manifests else manifest.url

    def image(self, image: Image) -> Image:
        """The image to run. The longest prefix in `images` wins; it may reach up to and including the tag."""
        kept = image if self.digests == "keep" else image.model_copy(update={"digest": None})
        prefixes = [prefix for prefix in self.images if _is_prefix(prefix, kept.reference)]
        if not prefixes:
            return kept
        longest = max(prefixes, key=len)
        return parse_image(self.images[longest] + kept.reference[len(longest) :])


def parse_image(reference: str) -> Image:
    """`host:5000/a/b:tag@sha256:…` → Image. Raises ValueError when there is no tag: an untagged image means `latest`."""
    name, _, digest = reference.partition("@")
    repository, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        raise ValueError(f"{reference!r} has no tag; write <repository>:<tag>")
    return Image(repository=repository, tag=tag, digest=digest or None)


def _is_prefix(prefix: str, reference: str) -> bool:
    """A prefix ends at a boundary: `quay.io/jet` is no prefix of `quay.io/jetstack/x`."""
    return reference.startswith(prefix) and (prefix.endswith("/") or reference[len(prefix) : len(prefix) + 1] in {"", "/", ":", "@"})
