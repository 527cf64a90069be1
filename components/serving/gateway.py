"""What stands before a service, and the names by which clients ask for it."""

from __future__ import annotations

from components.base import Args

PORT = 80


class Gateway(Args):
    """Where routes attach. `host`: the Service of its data plane, which answers any pod on port 80."""

    name: str
    namespace: str
    host: str


class KnativeIngress(Args):
    """The Service through which Knative's ingress answers inside the cluster; it tells services apart by the request's host."""

    service: str
    namespace: str
    port: int = PORT


def hostnames(name: str, namespace: str) -> list[str]:
    """As a client may spell the address; the shortest resolves beside the service only. The gateway itself takes away the root's dot."""
    return [f"{name}.{namespace}.svc.cluster.local", f"{name}.{namespace}.svc", f"{name}.{namespace}", name]
