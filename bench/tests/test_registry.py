"""The registry's settings, and that a build's registry is there exactly as long as it is needed."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from urllib.request import urlopen

import pytest
import yaml

from bench import registry
from bench.errors import BenchError

ANSWERING = """
import sys, http.server, yaml
host, port = yaml.safe_load(open(sys.argv[1]))["http"]["addr"].split(":")
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/v2/" else 404)
        self.end_headers()
http.server.HTTPServer((host, int(port)), Handler).serve_forever()
"""


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(registry, "STORE", tmp_path / "store")
    return tmp_path / "store"


def _run_instead(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    monkeypatch.setattr(registry, "command", lambda config: [sys.executable, "-c", program, str(config)])


def test_a_registry_serves_the_store_on_loopback(store: Path, tmp_path: Path) -> None:
    registry.write_config(tmp_path / "config.yml")
    config = yaml.safe_load((tmp_path / "config.yml").read_text())
    assert config["http"]["addr"] == "127.0.0.1:5000"
    assert config["storage"]["filesystem"]["rootdirectory"] == str(store)


def test_containerd_finds_every_host_below_the_registry(tmp_path: Path) -> None:
    registry.write_hosts(tmp_path)
    assert {folder.name for folder in tmp_path.iterdir()} == set(registry.MIRRORED_HOSTS)
    hosts = tomllib.loads((tmp_path / "quay.io" / "hosts.toml").read_text())["host"]
    assert hosts == {"http://127.0.0.1:5000/v2/quay.io": {"capabilities": ["pull", "resolve"], "override_path": True}}


def test_the_stored_digest_is_that_of_the_tag(store: Path) -> None:
    link = store / "docker/registry/v2/repositories/quay.io/brancz/kube-rbac-proxy/_manifests/tags/v0.18.0/current/link"
    link.parent.mkdir(parents=True)
    link.write_text("sha256:abc")
    assert registry.stored_digest("quay.io/brancz/kube-rbac-proxy:v0.18.0") == "sha256:abc"
    assert registry.stored_digest("quay.io/brancz/kube-rbac-proxy:v0.19.0") is None


@pytest.mark.usefixtures("store")
def test_it_answers_inside_and_is_gone_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    _run_instead(monkeypatch, ANSWERING)
    with registry.serving() as address:
        assert urlopen(f"http://{address}/v2/", timeout=5).status == 200
    assert not registry._answers(address)


@pytest.mark.usefixtures("store")
def test_a_taken_port_is_no_obstacle(monkeypatch: pytest.MonkeyPatch) -> None:
    _run_instead(monkeypatch, ANSWERING)
    with registry.serving() as first, registry.serving() as second:
        assert first != second


@pytest.mark.usefixtures("store")
def test_one_that_ends_at_once_is_an_error_with_its_last_words(monkeypatch: pytest.MonkeyPatch) -> None:
    _run_instead(monkeypatch, "raise SystemExit('the disk is full')")
    with pytest.raises(BenchError, match="the disk is full"), registry.serving():
        pass
