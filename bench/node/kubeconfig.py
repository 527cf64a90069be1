"""Kubeconfigs, one per identity, with embedded certificates, readable only by root."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

from bench.node.pki import CLUSTER, Pki
from bench.paths import Instance


def api_url(instance: Instance) -> str:
    return f"https://{instance.node_ip}:6443"


def write(instance: Instance, pki: Pki, identity: str, path: Path) -> None:
    """Write `identity`'s kubeconfig to `path` unless the file already has exactly this content."""
    text = json.dumps(_document(instance, pki, identity), indent=2) + "\n"
    if path.exists() and path.read_text() == text:
        return
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    fresh.replace(path)


def _document(instance: Instance, pki: Pki, identity: str) -> dict[str, Any]:
    # JSON is valid YAML. The context carries the instance's name to tell two nodes apart.
    name = instance.netns
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {"server": api_url(instance), "certificate-authority-data": _data(pki.cert(CLUSTER))}}],
        "users": [
            {"name": identity, "user": {"client-certificate-data": _data(pki.cert(identity)), "client-key-data": _data(pki.key(identity))}}
        ],
        "contexts": [{"name": name, "context": {"cluster": name, "user": identity}}],
        "current-context": name,
    }


def _data(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
