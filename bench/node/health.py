"""Health endpoints of the node's processes, asked from the host."""

from __future__ import annotations

import ssl
import urllib.error
import urllib.request
from http import HTTPStatus

from bench.node.kubeconfig import api_url
from bench.node.pki import CLUSTER, Pki
from bench.paths import Instance

TIMEOUT = 3.0


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


def api_is_ready(instance: Instance, pki: Pki) -> bool:
    return answers(f"{api_url(instance)}/readyz", pki)
