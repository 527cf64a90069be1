"""One API server: requests over pooled connections from any thread, and the kinds that it serves."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import urllib3

from bench.plugins.kubernetes.documents import Json, Object
from bench.plugins.kubernetes.errors import ApiError, NoSuchKindError, UnreachableError
from bench.plugins.kubernetes.tokens import Gvk

if TYPE_CHECKING:  # loading the client takes longer than starting the plugin without it
    from kubernetes.client.api_client import ApiClient

# Seconds. The TLS handshake counts as connecting: a live server on a busy machine has needed more than five.
_PROBE_TIMEOUT = urllib3.Timeout(connect=10, read=10)
_TIMEOUT = urllib3.Timeout(connect=30, read=60)  # the API server itself gives a webhook at most 30
# A busy server says when to retry (429, 503). Any other failed request may have taken effect and is not repeated.
_RETRIES = urllib3.Retry(total=6, connect=2, read=0, status=5, allowed_methods=None, backoff_factor=0.2, raise_on_status=False)


@dataclass(frozen=True)
class ServedKind:
    """API paths and scope of one kind's objects."""

    gvk: Gvk
    plural: str
    namespaced: bool

    def path(self, namespace: str | None, name: str | None = None) -> str:
        root = f"/apis/{self.gvk.group}" if self.gvk.group else "/api"
        parts = [root, self.gvk.version]
        if self.namespaced:
            parts += ["namespaces", quote(namespace or "default", safe="")]
        parts.append(self.plural)
        if name:
            parts.append(quote(name, safe=""))
        return "/".join(parts)


class Cluster:
    """Thread-safe. Raises ApiError if the API server refuses a request, UnreachableError if it does not answer."""

    def __init__(self, client: ApiClient) -> None:
        self._client = client
        self._kinds: dict[str, dict[str, ServedKind]] = {}
        self._lock = threading.Lock()
        self._alive: UnreachableError | bool | None = None
        self._probing = threading.Lock()

    def request(self, method: str, path: str, *, body: Json = None, content: str = "application/json", **query: str) -> Json:
        """Send one request; return the decoded JSON answer, or the text if the server sends text (container logs)."""
        self._probe()
        answer = self._send(method, path + ("?" + urlencode(query) if query else ""), body, content, _TIMEOUT)
        text = answer.data.decode(errors="replace")
        decoded = _decode(text)
        if answer.status >= 400:
            details = decoded if isinstance(decoded, dict) else {}
            raise ApiError.from_body(answer.status, details, text.strip() or f"HTTP {answer.status}")
        return decoded

    def _probe(self) -> None:
        """Check once that the server answers at all, so that a dead cluster costs one timeout instead of one per resource."""
        with self._probing:
            if self._alive is None:
                try:
                    self._send("GET", "/version", None, "", _PROBE_TIMEOUT)
                    self._alive = True
                except UnreachableError as error:
                    self._alive = error
        if isinstance(self._alive, UnreachableError):
            raise UnreachableError(str(self._alive))

    def _send(self, method: str, path: str, body: Json, content: str, timeout: urllib3.Timeout) -> urllib3.BaseHTTPResponse:
        headers = {"Accept": "application/json, */*", **({"Content-Type": content} if body is not None else {})}
        payload = json.dumps(body) if body is not None else None  # JSON is valid YAML, so this works for apply patches too
        url = self._client.configuration.host + path
        try:
            self._client.update_params_for_auth(headers, None, ["BearerToken"], path, method, body)
            answer: urllib3.BaseHTTPResponse = self._client.rest_client.pool_manager.request(
                method, url, body=payload, headers=headers, timeout=timeout, retries=_RETRIES
            )
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise UnreachableError(f"configured Kubernetes cluster is unreachable: {_first_line(error)}") from error
        return answer

    def kind(self, gvk: Gvk) -> ServedKind:
        """The served kind. A miss asks the server again, because CRDs appear during an update."""
        group_version = gvk.api_version
        found = self._kinds.get(group_version, {}).get(gvk.kind)
        if found:
            return found
        with self._lock:
            found = self._kinds.get(group_version, {}).get(gvk.kind)
            if found:
                return found
            self._kinds[group_version] = self._discover(gvk)
            try:
                return self._kinds[group_version][gvk.kind]
            except KeyError:
                raise NoSuchKindError(group_version, gvk.kind) from None

    def _discover(self, gvk: Gvk) -> dict[str, ServedKind]:
        root = "/apis/" if gvk.group else "/api/"
        try:
            listing = self.request("GET", root + gvk.api_version)
        except ApiError as error:
            if error.not_found:
                raise NoSuchKindError(gvk.api_version, gvk.kind) from error
            raise
        return {
            entry["kind"]: ServedKind(gvk._replace(kind=entry["kind"]), entry["name"], entry["namespaced"])
            for entry in listing["resources"]
            if "/" not in entry["name"]  # a sub-resource
        }

    def get(self, gvk: Gvk, namespace: str | None, name: str) -> Object:
        answer: Object = self.request("GET", self.kind(gvk).path(namespace, name))
        return answer

    def find(self, gvk: Gvk, namespace: str | None, **selectors: str) -> list[Object]:
        """Objects of a kind in a namespace, by `labelSelector` or `fieldSelector`."""
        answer: Object = self.request("GET", self.kind(gvk).path(namespace), **selectors)
        return [{"apiVersion": gvk.api_version, "kind": gvk.kind, **item} for item in answer["items"]]


def _decode(text: str) -> Json:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _first_line(error: Exception) -> str:
    reason = getattr(error, "reason", None) or error
    return str(reason).splitlines()[0] if str(reason) else type(error).__name__
