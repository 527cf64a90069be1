"""The Prometheus that scrapes the platform: the platform's own, or an existing one."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

import pulumi
from pydantic import AfterValidator, Field

from components.base import Args

EXAMPLE = "write for example http://prometheus.monitoring.svc.cluster.local:9090"
API = "/api/v1"


def address(url: str) -> str:
    """The address without trailing slashes, so that a path can follow. Raises ValueError that never repeats a password."""
    if "@" in url:
        raise ValueError(
            "the address holds a user or a password, which everybody sees who sees the stack; "
            "name one that answers without credentials, such as Prometheus' own Service or a proxy in the cluster that adds them"
        )
    parts = _parts(url)
    path = parts.path.rstrip("/")
    if parts.query or parts.fragment or path.endswith(API):
        raise ValueError(f'"{url}" goes on after the address of Prometheus itself; leave out {API} and whatever follows it, ? and #')
    return f"{parts.scheme}://{parts.netloc}{path}"


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError(f'"{url}" is no address: {error}; {EXAMPLE}') from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0 or re.search(r"[\s\\]", url):
        raise ValueError(f'"{url}" is no http:// or https:// address of a host; {EXAMPLE}')
    return parts


class Prometheus(Args):
    """A Prometheus whose operator reads the monitors and rules of every namespace.

    `namespace`: where its pods run, which a NetworkPolicy must know; None: outside the cluster, or unknown. `labels`: by which it
    selects monitors and rules; the platform's own selects all. `definitions`: resource that installs their CRDs; None: they exist.
    """

    url: Annotated[str, AfterValidator(address)]
    namespace: str | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    definitions: pulumi.Resource | None = None


def namespace_of(url: str) -> str | None:
    """`http://prometheus.monitoring.svc.cluster.local:9090` → `monitoring`; None if the URL is not a Service's address.

    `http://prometheus.monitoring` is a Service's address too; short names of external servers use https.
    """
    parts = urlsplit(url)
    match (parts.hostname or "").removesuffix(".").removesuffix(".cluster.local").split("."):
        case [_, namespace, "svc"]:
            return namespace
        case [_, namespace] if parts.scheme == "http":
            return namespace
    return None
