"""Whether the node's processes are ready: their health endpoints, and where they have none, what they listen on."""

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
"""Seconds for one answer."""


def answers(url: str, pki: Pki) -> bool:
    """Whether `url` answers 200; a TLS server must show a certificate of the cluster's authority."""
    context = ssl.create_default_context(cafile=str(pki.cert(CLUSTER)))
    context.load_cert_chain(pki.cert("admin"), pki.key("admin"))
    # An empty proxy table: a proxy of the person's would not reach the node.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    try:
        with opener.open(url, timeout=TIMEOUT) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except (OSError, urllib.error.URLError):
        return False


def listens(process: Process, instance: Instance, port: int) -> bool:
    """Whether anything listens on TCP `port` in the network namespace of the process, where the host cannot ask."""
    rows = [line.split() for line in _table(process, instance, "tcp")]
    # Column 1 is address:port in hexadecimal, column 3 the state; 0A is LISTEN.
    return any(row[1].endswith(f":{port:04X}") and row[3] == "0A" for row in rows)


def has_socket(process: Process, instance: Instance, path: str) -> bool:
    """Whether a Unix socket called `path` is open in the network namespace of the process."""
    return any(line.split()[-1] == path for line in _table(process, instance, "unix"))


def _table(process: Process, instance: Instance, name: str) -> list[str]:
    record = read_record(process.record(instance))
    try:
        return Path(f"/proc/{record.pid}/net/{name}").read_text().splitlines()[1:] if record else []
    except OSError:
        return []
