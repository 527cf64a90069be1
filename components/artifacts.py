"""Sources of third-party charts, release manifests and images, and their replacements in a mirror."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from pydantic import Field, PrivateAttr, ValidationInfo, field_validator, model_validator

from components.base import Args
from components.lock import Lock, committed

OCI = "oci://"
MANIFESTS = "manifests"
"""Folder of release manifests in a registry that mirrors them."""
Kind = Literal["chart", "manifest", "image"]

NOT_BUILT = "not-built.invalid"
"""Registry of images that are not built yet, in a preview: a name that resolves nowhere (RFC 2606). An `up` is refused."""

MAX_REPOSITORY = 255
_LABEL, _COMPONENT = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?", r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_HOST = rf"(?:localhost(?::[0-9]+)?|{_LABEL}(?:\.{_LABEL})+(?::[0-9]+)?|{_LABEL}:[0-9]+|\[[a-fA-F0-9:]+\](?::[0-9]+)?)"
REPOSITORY = re.compile(rf"(?:{_HOST}/)?{_COMPONENT}(?:/{_COMPONENT})*", re.ASCII)
TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class Chart(Args):
    """A Helm chart. `repository` is the part before its name: an `oci://` registry, or the https:// folder of the archives."""

    name: str
    repository: str
    version: str

    @property
    def address(self) -> str:
        """The key in the lock file."""
        name = f"{self.repository}/{self.name}"
        return f"{name}:{self.version}" if name.startswith(OCI) else f"{name}-{self.version}.tgz"


class Manifest(Args):
    """A release manifest: one YAML file with the objects of a project's release, published under `url`.

    `{version}` in the URL stands for the version, so that a pin names it once. `images`: name prefixes of images that the release
    names by digest and that no pin names.
    """

    name: str
    version: str
    url: str
    images: str | None = None

    @field_validator("url")
    @classmethod
    def _with_version(cls, url: str, others: ValidationInfo) -> str:
        return url.format(version=others.data["version"])

    @property
    def address(self) -> str:
        """The key in the lock file."""
        return self.url


class Image(Args):
    """A container image under its full upstream name, including the registry host, so that one rule rewrites all images.

    `tag` None: the digest alone names it.
    """

    repository: str
    tag: str | None = None
    digest: str | None = None

    @model_validator(mode="after")
    def _named(self) -> Image:
        if not self.tag and not self.digest:
            raise ValueError(f"{self.repository!r} has neither tag nor digest")
        return self

    @property
    def address(self) -> str:
        """The key in the lock file."""
        return f"{self.repository}:{self.tag}" if self.tag else self.reference

    @property
    def reference(self) -> str:
        tag, digest = (f":{self.tag}" if self.tag else ""), (f"@{self.digest}" if self.digest else "")
        return f"{self.repository}{tag}{digest}"

    @property
    def registry(self) -> str | None:
        """The host that serves it. None: the name has no host, and runtimes ask Docker Hub (distribution/reference:normalize.go)."""
        first, slash, _ = self.repository.partition("/")
        return first if slash and re.search(r"[.:]|^localhost$", first) else None

    @property
    def required_tag(self) -> str:
        """The tag, for charts that require one. Raises ValueError if there is none."""
        if not self.tag:
            raise ValueError(f"{self.reference!r} has no tag, and a chart needs one; write <repository>:<tag>@<digest>")
        return self.tag

    @property
    def tag_and_digest(self) -> str:
        """Tag and digest, for charts that join name and tag by a colon and have no field for a digest. Raises ValueError without a tag."""
        return f"{self.required_tag}@{self.digest}" if self.digest else self.required_tag


class Addon(Args):
    """An add-on that EKS installs from AWS's registry in the cluster's region. Each version is for one Kubernetes minor."""

    name: str
    kubernetes: str
    version: str


class Artifact(Args):
    """One download: its upstream address, its digest, and its name in a registry that mirrors it."""

    kind: Kind
    address: str
    digest: str | None
    mirrored: str


class Mirror(Args):
    """Replacement sources. By default, everything comes from upstream.

    `registry` holds all artifacts under full upstream names: `<registry>/quay.io/jetstack/charts/cert-manager`, and release manifests
    at `<registry>/manifests/<name>`. `charts`, `manifests` and `images` override it for one kind of artifact.
    """

    registry: str | None = None
    charts: str | None = None
    manifests: str | None = None
    images: dict[str, str] = Field(default_factory=dict)
    digests: Literal["keep", "drop"] = "keep"
    lock: Lock = Field(default_factory=committed)
    _asked: dict[str, Artifact] = PrivateAttr(default_factory=dict)

    @property
    def artifacts(self) -> list[Artifact]:
        """The artifacts requested so far, under upstream's names: exactly those that a stack needs."""
        return sorted(self._asked.values(), key=lambda artifact: (artifact.kind, artifact.address))

    @property
    def hosts(self) -> set[str]:
        """Registry hosts that replace upstream's for images."""
        return {place.split("/")[0] for place in [*self.images.values(), self.registry] if place}

    def chart(self, chart: Chart) -> str:
        """The chart's location for Helm: an `oci://` address, or `<place>/<name>-<version>.tgz` in a folder or under https://."""
        upstream = chart.repository.partition("://")[2]
        self._ask("chart", chart.address, f"{upstream}/{chart.name}:{chart.version}")
        place = self.charts or (f"{OCI}{self.registry}/{upstream}" if self.registry else chart.repository)
        if place.startswith(OCI):
            return f"{place.rstrip('/')}/{chart.name}"
        return f"{place.rstrip('/')}/{chart.name}-{chart.version}.tgz"

    def manifest(self, manifest: Manifest) -> str:
        """The manifest's URL; when mirrored, `<place>/<name>-<version>.yaml` in a folder or under https://, or an `oci://` address."""
        place = self.manifests or (f"{OCI}{self.registry}/{MANIFESTS}" if self.registry else None)
        if place is None:
            return manifest.url
        if place.startswith(OCI):
            return f"{place.rstrip('/')}/{manifest.name}:{manifest.version}"
        return f"{place.rstrip('/')}/{manifest.name}-{manifest.version}.yaml"

    def manifest_digest(self, manifest: Manifest) -> str | None:
        """Expected digest of the manifest's bytes; None if it is unknown, or if the mirror's manifests are its own builds."""
        digest = self._ask("manifest", manifest.address, f"{MANIFESTS}/{manifest.name}:{manifest.version}")
        return digest if self.digests == "keep" else None

    def image(self, image: Image) -> Image:
        """The image to run. The longest prefix in `images` wins; it may extend up to and including the tag."""
        if self.digests == "drop" and not image.tag:
            raise ValueError(f"{image.reference!r} has no tag, so mirror.digests: drop would leave nothing to pull it by")
        digest = self._ask("image", image.address, image.address.partition("@")[0], image.digest)
        kept = image.model_copy(update={"digest": digest if self.digests == "keep" else None})
        placed = parse_image(self._placed(kept.reference))
        # A replacement may be only a digest. Runtimes ignore the tag beside a digest, but charts need one.
        return placed if placed.tag else placed.model_copy(update={"tag": image.tag})

    def reference(self, reference: str) -> str:
        """Where to pull an image from that a release manifest names. Raises ValueError like `parse_image` and `image`."""
        return self.image(parse_image(reference)).reference

    def _ask(self, kind: Kind, address: str, mirrored: str, own_digest: str | None = None) -> str | None:
        """Record the artifact and return its digest: its own, else the lock's."""
        digest = own_digest or self.lock.digest(address)
        self._asked[address] = Artifact(kind=kind, address=address, digest=digest, mirrored=mirrored)
        return digest

    def _placed(self, reference: str) -> str:
        prefixes = [prefix for prefix in self.images if _is_prefix(prefix, reference)]
        if prefixes:
            longest = max(prefixes, key=len)
            return self.images[longest] + reference[len(longest) :]
        return f"{self.registry}/{reference}" if self.registry else reference


def missing(artifacts: Iterable[Chart | Manifest | Image | Artifact], lock: Lock) -> list[str]:
    """Addresses of the artifacts without a known digest."""
    return [each.address for each in artifacts if not getattr(each, "digest", None) and not lock.digest(each.address)]


def parse_image(reference: str) -> Image:
    """`host:5000/a/b:tag@sha256:…` → Image. Raises ValueError with the mistake.

    The grammar is that of container runtimes (distribution/reference:regexp.go). Without tag and digest, an image would mean `latest`.
    """
    name, at, digest = reference.partition("@")
    repository, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        repository, colon, tag = name, "", ""
    if wrong := _wrong_with(reference, repository) or _wrong_after(tag if colon else None, digest if at else None):
        raise ValueError(f"{reference!r} {wrong}")
    return Image(repository=repository, tag=tag or None, digest=digest or None)


def _wrong_with(reference: str, repository: str) -> str | None:
    """The mistake in the name itself, or None."""
    if re.search(r"\s", reference):
        return "has a blank at an end or inside; remove it"
    if "://" in reference:
        return "is a URL; leave out what stands before the registry's host, up to ://"
    if len(repository) > MAX_REPOSITORY or not REPOSITORY.fullmatch(repository):
        capitals = f"; write it in small letters: {repository.lower()}" if REPOSITORY.fullmatch(repository.lower()) else ""
        return f"is no image: {repository!r} is no name of a repository such as registry.example/acme/server{capitals}"
    return None


def _wrong_after(tag: str | None, digest: str | None) -> str | None:
    """The mistake in tag or digest, or None. A None argument stands for a part that is left out."""
    if tag is None and digest is None:
        return "has no tag; write <repository>:<tag> or <repository>@sha256:<digest>"
    if tag is not None and not TAG.fullmatch(tag):
        return f"is no image: the tag {tag!r} is not 1 to 128 letters, digits and _.- that begin with a letter, a digit or _"
    if digest is not None and not DIGEST.fullmatch(digest):
        return f"is no image: the digest {digest!r} is not sha256: and 64 digits of 0-9 and a-f"
    return None


def _is_prefix(prefix: str, reference: str) -> bool:
    """True if `prefix` ends at a boundary: `quay.io/jet` is not a prefix of `quay.io/jetstack/x`."""
    return reference.startswith(prefix) and (prefix.endswith("/") or reference[len(prefix) : len(prefix) + 1] in {"", "/", ":", "@"})
