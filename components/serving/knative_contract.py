"""Ports and variables that Knative keeps for itself (knative/serving:pkg/apis/serving/k8s_validation.go@knative-v1.21.1)."""

from __future__ import annotations

from components.serving.servers.server import Server

PORTS = frozenset({8008, 8012, 8013, 8022, 9090, 9091})
"""Ports of the queue-proxy, which runs beside the container."""

VARIABLES = frozenset({"PORT", "K_SERVICE", "K_CONFIGURATION", "K_REVISION"})


def check_container(server: Server) -> None:
    """Raise ValueError for a setting with which Knative's webhook refuses the Service."""
    if server.http_port in PORTS:
        raise ValueError(
            f"server.port {server.http_port} is one of Knative's own ({', '.join(map(str, sorted(PORTS)))}); choose another one"
        )
    if taken := sorted(VARIABLES & set(server.variables)):
        raise ValueError(f"{taken[0]} is a variable that Knative sets itself; PORT is server.port there. Leave it out of env and secretEnv")
