"""The few parts of the container registry protocol that artifacts need: a tag's digest, all tags, and a file pushed as an artifact.

https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md. Credentials are those that `docker login`, `oras login`
or `helm registry login` left in the user's Docker configuration; without any, the registry is asked for an anonymous token.
"""

from __future__ import annotations

import base64
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from http.client import HTTPMessage
from pathlib import Path

from components.versions import DOCKER_HUB, DOCKER_HUB_API, DOCKER_HUB_INDEX

TIMEOUT_SECONDS = 30
MANIFEST_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)


class RegistryError(Exception):
    """A registry request that failed, described in one line."""


def digest(reference: str) -> str:
    """Digest of `<host>/<repository>:<tag>`; for a multi-platform image, that of its index. Raises RegistryError."""
    host, repository, tag = _parts(reference)
    headers, _ = _ask(host, repository, f"manifests/{tag}", "HEAD")
    found = headers.get("Docker-Content-Digest")
    if not found:
        raise RegistryError(f"{host} returns no digest for {repository}:{tag}")
    return found


def tags(name: str) -> list[str]:
    """Every tag of `<host>/<repository>`, page by page. Raises RegistryError."""
    host, _, repository = name.partition("/")
    found: list[str] = []
    path = "tags/list?n=1000"
    while path:
        headers, body = _ask(host, repository, path)
        found += json.loads(body).get("tags") or []
        following = re.match(r"<[^>]*/v2/[^>]*/(tags/list\?[^>]*)>", headers.get("Link") or "")
        path = following[1] if following else ""
    return found


def file(reference: str) -> bytes:
    """The only file of an artifact, pushed with `oras push <reference> <file>`. Raises RegistryError."""
    host, repository, tag = _parts(reference)
    _, body = _ask(host, repository, f"manifests/{tag}")
    layers = json.loads(body).get("layers") or []
    if len(layers) != 1:
        raise RegistryError(f"{reference} is an artifact of {len(layers)} files; push the manifest as the only one")
    _, content = _ask(host, repository, f"blobs/{layers[0]['digest']}")
    return content


def _parts(reference: str) -> tuple[str, str, str]:
    host, _, name = reference.partition("/")
    repository, _, tag = name.rpartition(":")
    return host, repository, tag


def _ask(host: str, repository: str, path: str, method: str = "GET") -> tuple[HTTPMessage, bytes]:
    scheme = "http" if host.split(":")[0] in {"localhost", "127.0.0.1"} else "https"
    address = f"{scheme}://{DOCKER_HUB_API if host == DOCKER_HUB else host}/v2/{repository}/{path}"
    try:
        return _send(address, method, None)
    except urllib.error.HTTPError as refused:
        if refused.code != 401:
            raise _failure(address, refused) from None
        challenge = refused.headers.get("WWW-Authenticate", "")
    try:
        return _send(address, method, _authorization(challenge, _credentials(host)))
    except (urllib.error.URLError, OSError) as error:
        raise _failure(address, error) from None


def _send(address: str, method: str, authorization: str | None) -> tuple[HTTPMessage, bytes]:
    request = urllib.request.Request(address, method=method, headers={"Accept": ", ".join(MANIFEST_TYPES)})  # noqa: S310
    if authorization:
        # Registries redirect blobs to object stores, which refuse a second kind of credentials.
        request.add_unredirected_header("Authorization", authorization)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
            return answer.headers, answer.read()
    except urllib.error.HTTPError:
        raise
    except OSError as error:
        raise _failure(address, error) from None


def _authorization(challenge: str, credentials: str | None) -> str | None:
    """The header that answers a `WWW-Authenticate` challenge."""
    if not challenge.lower().startswith("bearer "):
        return f"Basic {credentials}" if credentials else None
    fields = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
    query = urllib.parse.urlencode({key: fields[key] for key in ("service", "scope") if key in fields})
    request = urllib.request.Request(f"{fields['realm']}?{query}", headers={"Authorization": f"Basic {credentials}"} if credentials else {})  # noqa: S310
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
        token = json.loads(answer.read())
    return f"Bearer {token.get('token') or token['access_token']}"


def _credentials(host: str) -> str | None:
    """`user:password` in base64 from a stored login; credential helpers are not read."""
    config = Path.home() / ".docker" / "config.json"
    if not config.exists():
        return None
    logins = json.loads(config.read_text()).get("auths") or {}
    names = [host, f"https://{host}"] + ([f"https://{DOCKER_HUB_INDEX}/v1/"] if host == DOCKER_HUB else [])
    found = next((logins[name]["auth"] for name in names if (logins.get(name) or {}).get("auth")), None)
    return base64.b64encode(base64.b64decode(found)).decode() if found else None


def _failure(address: str, error: Exception) -> RegistryError:
    reason = f"{error.code} {error.reason}" if isinstance(error, urllib.error.HTTPError) else getattr(error, "reason", error)
    return RegistryError(f"{address}: {reason}")
