"""Calls the API server with the pod's own identity."""

import contextlib
import json
import os
import ssl
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

IDENTITY = Path("/var/run/secrets/kubernetes.io/serviceaccount")


def text(path: str, body: str | None = None) -> str:
    """One request: GET, or POST when there is a body. Raises OSError with the server's own words."""
    address = f"https://{os.environ['KUBERNETES_SERVICE_HOST']}:{os.environ['KUBERNETES_SERVICE_PORT']}{path}"
    request = urllib.request.Request(
        address,
        data=body.encode() if body else None,
        headers={"Authorization": f"Bearer {(IDENTITY / 'token').read_text()}", "Content-Type": "application/json"},
    )
    trust = ssl.create_default_context(cafile=str(IDENTITY / "ca.crt"))
    try:
        with urllib.request.urlopen(request, timeout=10, context=trust) as answer:  # noqa: S310
            content: bytes = answer.read()
            return content.decode(errors="replace")
    except urllib.error.HTTPError as refused:
        raise OSError(f"{refused.code}: {_message(refused)}") from None


def call(path: str, body: str | None = None) -> dict[str, Any]:
    """Return an answer that is an object, like `text`."""
    answer: dict[str, Any] = json.loads(text(path, body))
    return answer


def find(path: str) -> dict[str, Any] | None:
    """Return the same as `call`, or None if the object does not exist."""
    try:
        return call(path)
    except OSError as error:
        if str(error).startswith("404"):
            return None
        raise


def _message(refused: urllib.error.HTTPError) -> str:
    content = refused.read().decode(errors="replace")
    with contextlib.suppress(ValueError, KeyError):
        return str(json.loads(content)["message"])
    return content
