"""The bench's image registry: a folder of images (`STORE`) and the upstream `registry` program that serves it.

An image keeps its full upstream name in the registry, such as `quay.io/brancz/kube-rbac-proxy`, so that containerd
pulls upstream names unchanged. Two processes serve the store, both on loopback only: one while images are
built, and one in the node's network namespace while the node runs.
"""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import yaml

from bench.confined import ended_with_this_process
from bench.errors import BenchError
from bench.paths import CACHE
from bench.tools import binary

PROGRAM = "registry"
STORE = CACHE / "registry"

NODE_ADDRESS = "127.0.0.1:5000"
"""Address of the node's registry inside the node's network namespace."""

BUILD_PORT = 5831
"""Preferred port of a build's registry: buildah remembers by address which layers a registry has."""

MIRRORED_HOSTS = ("docker.io", "gcr.io", "ghcr.io", "quay.io", "registry.k8s.io", "nvcr.io", "bench.local")

ENVIRONMENT = {"OTEL_TRACES_EXPORTER": "none"}
"""Turns off the registry's traces; it would send them to a collector on port 4318 that does not exist, and log each failure."""

START_SECONDS = 15.0


def write_config(path: Path, address: str = NODE_ADDRESS) -> None:
    """Write the configuration of a registry that serves `STORE` at `address` (host:port)."""
    STORE.mkdir(parents=True, exist_ok=True)
    config = {
        "version": 0.1,
        "log": {"level": "warn", "accesslog": {"disabled": True}},
        "storage": {
            "filesystem": {"rootdirectory": str(STORE)},
            # The purge of old uploads would run during a build's push; unfinished uploads disappear with the cache folder.
            "maintenance": {"uploadpurging": {"enabled": False}},
        },
        "http": {"addr": address},
    }
    path.write_text(yaml.safe_dump(config, sort_keys=False))


def command(config: Path) -> list[str]:
    """The command that serves the store as `config` says; it needs `ENVIRONMENT` in its environment."""
    return [str(binary(PROGRAM)), "serve", str(config)]


def write_hosts(folder: Path, address: str = NODE_ADDRESS) -> None:
    """Write containerd's `certs.d`: for every mirrored host, try the registry at `address` before the host itself."""
    for host in MIRRORED_HOSTS:
        target = folder / host / "hosts.toml"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(f'[host."http://{address}/v2/{host}"]\n  capabilities = ["pull", "resolve"]\n  override_path = true\n')


def stored_digest(reference: str) -> str | None:
    """Manifest digest of `reference` (host/repository:tag) in the store; None if it is not there."""
    name, _, tag = reference.rpartition(":")
    link = STORE / "docker/registry/v2/repositories" / name / "_manifests/tags" / tag / "current/link"
    return link.read_text().strip() if link.is_file() else None


@contextmanager
def serving() -> Iterator[str]:
    """Serve the store on a loopback port while the body runs; yields host:port once the registry answers."""
    address = f"127.0.0.1:{_free_port()}"
    with tempfile.TemporaryDirectory(prefix="bench-registry-") as folder:
        config, log = Path(folder) / "config.yml", Path(folder) / "registry.log"
        write_config(config, address)
        argv = ended_with_this_process(command(config))
        with log.open("w") as out:
            process = subprocess.Popen(argv, env=os.environ | ENVIRONMENT, stdout=out, stderr=out, cwd=folder)
        try:
            _wait_until_it_answers(address, process, log)
            yield address
        finally:
            process.terminate()
            process.wait()


def _free_port() -> int:
    """`BUILD_PORT`, or any free port if it is taken."""
    for wanted in (BUILD_PORT, 0):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", wanted))
            port: int = probe.getsockname()[1]
            return port
    raise BenchError("no port is free on 127.0.0.1; stop the programs that use them")


def _wait_until_it_answers(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(address):
        if process.poll() is not None or time.monotonic() > deadline:
            lines = log.read_text(errors="replace").strip().splitlines()
            raise BenchError(f"the image registry did not start at {address}; last line of its log: {lines[-1] if lines else 'nothing'}")
        time.sleep(0.05)


def _answers(address: str) -> bool:
    connection = HTTPConnection(address, timeout=1)
    try:
        connection.request("GET", "/v2/")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
