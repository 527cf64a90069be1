"""The gateway and the ingress in front of a service, and the host names that clients use for it."""

from __future__ import annotations

from components.base import Args

PORT = 80


class Gateway(Args):
    """The gateway that routes attach to. `host`: the Service of its data plane, which answers any pod on port 80."""

    name: str
    namespace: str
    host: str


class KnativeIngress(Args):
    """The Service of Knative's ingress inside the cluster; it tells services apart by the request's host."""

    service: str
    namespace: str
    port: int = PORT


def hostnames(name: str, namespace: str) -> list[str]:
    """Return all host names of a service; the shortest resolves in its namespace only. The gateway itself removes a trailing dot."""
    return [f"{name}.{namespace}.svc.cluster.local", f"{name}.{namespace}.svc", f"{name}.{namespace}", name]
