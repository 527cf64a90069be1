"""Proxies of this machine: requests to the node go past them."""

from __future__ import annotations

from collections.abc import Mapping

from bench.paths import Instance

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
EXCEPTIONS = ("NO_PROXY", "no_proxy")
"""Some programs read only one of the two spellings. Go understands ranges of addresses in them, others take a range for a name."""


def exceptions(instance: Instance, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that except the node's addresses from this machine's proxies, beside those of the user; none without a proxy."""
    if not any(environ.get(name) or environ.get(name.lower()) for name in PROXIES):
        return {}
    users = [word.strip() for name in EXCEPTIONS for word in environ.get(name, "").split(",") if word.strip()]
    if "*" in users:
        return {}
    # Pulumi's engine, its plugins and the program talk over the loopback address.
    nodes = [
        "localhost",
        "127.0.0.1",
        instance.host_ip,
        instance.node_ip,
        instance.service_cidr,
        instance.pod_cidr,
        ".svc",
        ".cluster.local",
    ]
    return dict.fromkeys(EXCEPTIONS, ",".join(dict.fromkeys([*users, *nodes])))
