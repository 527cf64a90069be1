"""A registry's answers: anonymous and named access, an artifact's one file, and what is said when there is no answer."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from components import oci

DIGEST = "sha256:" + "c" * 64
LOGIN = base64.b64encode(b"user:pass").decode()


class Registry(BaseHTTPRequestHandler):
    """Wants a token for `private/`, basic credentials for `basic/`, and sends blobs on to another place."""

    seen: list[tuple[str, str | None]] = []  # noqa: RUF012 - one list for all requests, emptied by the fixture

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        authorization = self.headers.get("Authorization")
        self.seen.append((self.path, authorization))
        host = f"http://{self.headers['Host']}"
        if self.path.startswith("/token"):
            self._answer(200, json.dumps({"token": "anonymous" if authorization is None else "named"}))
        elif "/private/" in self.path and authorization not in {"Bearer anonymous", "Bearer named"}:
            challenge = f'Bearer realm="{host}/token",service="test",scope="repository:private/a:pull"'
            self._answer(401, "", {"WWW-Authenticate": challenge})
        elif "/basic/" in self.path and authorization != f"Basic {LOGIN}":
            self._answer(401, "", {"WWW-Authenticate": 'Basic realm="test"'})
        elif self.path.endswith("/tags/list?n=1000"):
            self._answer(200, json.dumps({"tags": ["1", "2"]}), {"Link": '</v2/open/a/tags/list?last=2&n=1000>; rel="next"'})
        elif "/tags/list?last=2" in self.path:
            self._answer(200, json.dumps({"tags": ["3"]}))
        elif self.path.endswith("/manifests/none"):
            self._answer(404, "")
        elif self.path.endswith("/manifests/two"):
            self._answer(200, json.dumps({"layers": [{"digest": "a"}, {"digest": "b"}]}))
        elif "/manifests/" in self.path:
            self._answer(200, json.dumps({"layers": [{"digest": DIGEST}]}), {"Docker-Content-Digest": DIGEST})
        elif "/blobs/" in self.path:
            self._answer(307, "", {"Location": f"{host}/store"})
        else:
            self._answer(200, "content")

    def _answer(self, status: int, body: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    Registry.seen.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def login(host: str, home: Path) -> None:
    (home / ".docker").mkdir()
    (home / ".docker" / "config.json").write_text(json.dumps({"auths": {host: {"auth": LOGIN}}}))


def test_a_tags_digest_needs_no_more_than_its_head(host: str) -> None:
    assert oci.digest(f"{host}/open/a:1") == DIGEST
    assert Registry.seen == [("/v2/open/a/manifests/1", None)]


def test_all_pages_of_tags_are_read(host: str) -> None:
    assert oci.tags(f"{host}/open/a") == ["1", "2", "3"]


def test_a_registry_that_wants_a_token_gives_an_anonymous_one(host: str) -> None:
    assert oci.digest(f"{host}/private/a:1") == DIGEST
    assert Registry.seen[-1] == ("/v2/private/a/manifests/1", "Bearer anonymous")
    assert "/token?service=test&scope=repository%3Aprivate%2Fa%3Apull" in [path for path, _ in Registry.seen]


def test_a_login_of_the_users_is_used(host: str, tmp_path: Path) -> None:
    login(host, tmp_path)
    assert oci.digest(f"{host}/private/a:1") == DIGEST
    assert Registry.seen[-1] == ("/v2/private/a/manifests/1", "Bearer named")
    assert oci.digest(f"{host}/basic/a:1") == DIGEST


def test_credentials_do_not_follow_a_blob_to_where_it_is_kept(host: str, tmp_path: Path) -> None:
    login(host, tmp_path)
    assert oci.file(f"{host}/private/a:1") == b"content"
    assert Registry.seen[-1] == ("/store", None)


def test_what_a_registry_refuses_is_said_in_one_line(host: str) -> None:
    with pytest.raises(oci.RegistryError, match=r"/v2/open/a/manifests/none: 404 Not Found"):
        oci.digest(f"{host}/open/a:none")
    with pytest.raises(oci.RegistryError, match=r"/v2/basic/a/manifests/1: 401 Unauthorized"):
        oci.digest(f"{host}/basic/a:1")
    with pytest.raises(oci.RegistryError, match="is an artifact of 2 files"):
        oci.file(f"{host}/open/a:two")
    with pytest.raises(oci.RegistryError, match="refused"):
        oci.digest("127.0.0.1:9/a/b:1")
