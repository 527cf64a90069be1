"""Readiness of the node's processes: their health endpoints, or their sockets where a process has no endpoint."""

from __future__ import annotations

import ssl
import urllib.error
import urllib.request
from http import HTTPStatus
from pathlib import Path

from bench.node.pki import CLUSTER, Pki
from bench.node.process import Process, read_record
from bench.paths import Instance

TIMEOUT = 3.0
"""Timeout of one answer in seconds."""


def answers(url: str, pki: Pki) -> bool:
    """True if `url` answers 200; a TLS server must show a certificate of the cluster's authority."""
    context = ssl.create_default_context(cafile=str(pki.cert(CLUSTER)))
    context.load_cert_chain(pki.cert("admin"), pki.key("admin"))
    # The proxy table is empty, because the user's proxy could not reach the node.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    try:
        with opener.open(url, timeout=TIMEOUT) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except (OSError, urllib.error.URLError):
        return False


def listens(process: Process, instance: Instance, port: int) -> bool:
    """True if a process listens on TCP `port` in the network namespace of `process`, which the host cannot reach."""
    rows = [line.split() for line in _table(process, instance, "tcp")]
    # Column 1 is address:port in hexadecimal, column 3 the state; 0A means LISTEN.
    return any(row[1].endswith(f":{port:04X}") and row[3] == "0A" for row in rows)


def has_socket(process: Process, instance: Instance, path: str) -> bool:
    """True if a Unix socket called `path` is open in the network namespace of the process."""
    return any(line.split()[-1] == path for line in _table(process, instance, "unix"))


def _table(process: Process, instance: Instance, name: str) -> list[str]:
    record = read_record(process.record(instance))
    try:
        return Path(f"/proc/{record.pid}/net/{name}").read_text().splitlines()[1:] if record else []
    except OSError:
        return []
