"""Reads a release manifest from a folder, an https:// address or a registry, and checks its digest."""

from __future__ import annotations

import hashlib
import urllib.request
from pathlib import Path

import pulumi

from components import oci
from components.artifacts import OCI, Manifest, Mirror

TIMEOUT_SECONDS = 30


class ManifestError(pulumi.RunError):
    """A release manifest that cannot be used. The message names it, the reason and the remedy; Pulumi shows it without a traceback."""


class UnreachableError(ManifestError):
    """A release manifest whose address does not answer."""


def downloads() -> Path:
    """Folder for downloads, shared by all checkouts; it can be deleted at any time."""
    return Path.home() / ".cache" / "inference-platform" / "manifests"


def read(pin: Manifest, mirror: Mirror) -> bytes:
    """The manifest's bytes, checked against the lock if it has a digest. Raises ManifestError."""
    place, expected = mirror.manifest(pin), mirror.manifest_digest(pin)
    if "://" not in place:
        return _checked(pin, place, _file(pin, Path(place)), expected)
    kept = downloads() / f"{pin.name}-{pin.version}-{_digest(place.encode())[7:19]}.yaml"
    if kept.exists() and expected in {None, _digest(kept.read_bytes())}:
        return kept.read_bytes()
    content = _checked(pin, place, _download(pin, place), expected)
    kept.parent.mkdir(parents=True, exist_ok=True)
    partial = kept.with_suffix(f".{_digest(content)[7:19]}.partial")
    partial.write_bytes(content)
    partial.replace(kept)
    return content


def _file(pin: Manifest, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ManifestError(
            f"{pin.name} {pin.version}: {path}: {error.strerror}; put the file of {pin.url} there, or leave mirror.manifests out"
        ) from None


def _download(pin: Manifest, place: str) -> bytes:
    try:
        if place.startswith(OCI):
            return oci.file(place.removeprefix(OCI))
        with urllib.request.urlopen(place, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - https:// by Mirror and by the pin
            content: bytes = answer.read()
            return content
    except (OSError, oci.RegistryError) as error:
        raise UnreachableError(
            f"{pin.name} {pin.version}: cannot download {place}: {error}; "
            f"set mirror.manifests to a folder with {pin.name}-{pin.version}.yaml, or to a place that can be reached"
        ) from None


def _checked(pin: Manifest, place: str, content: bytes, expected: str | None) -> bytes:
    found = _digest(content)
    if expected not in {None, found}:
        raise ManifestError(
            f"{pin.name} {pin.version}: {place} is not what components/artifacts.lock.json says: expected {expected}, got {found}; "
            "if the release has really changed, find out why, then run `make lock`; "
            "if the mirror holds builds of its own, set mirror.digests: drop"
        )
    return content


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
