"""Reaches, from this machine, an address that only pods of the cluster can resolve.

The bench's node is a network namespace with a route to its Services' addresses; any other cluster is reached by `kubectl port-forward`,
which is slower and ends with its pod: good for a prediction, too coarse for a measurement. A pod uses the address unchanged.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from scripts.errors import DriverError, reason

PORTS = {"http": 80, "https": 443}
"""The default port of each scheme."""
HOPS = 3
"""Longest chain of Services of type ExternalName."""


@dataclass(frozen=True)
class Endpoint:
    """An address to connect to, and the Host header to send: a shared ingress tells services apart by that name alone."""

    url: str
    host: str

    def at(self, path: str) -> Endpoint:
        """Return the endpoint with another path on the same server."""
        return Endpoint(urlsplit(self.url)._replace(path=path).geturl(), self.host)


@contextmanager
def reachable(url: str, environment: Mapping[str, str], host: str | None = None) -> Iterator[Endpoint]:
    """Yield the endpoint as reachable from here. `environment` names the cluster (KUBECONFIG, PATH); `host` replaces the Host header.

    An address of no Service stays unchanged, and so do all in a pod. A Service of type ExternalName is followed to the Service it names.
    Raises DriverError if a Service does not exist.
    """
    parts = urlsplit(url)
    host = host or parts.netloc
    place = None if _in_a_pod(environment) else service_of(parts.hostname or "") or _short(parts, environment)
    if place is None:
        yield Endpoint(url, host)
        return
    namespace, name, address = _resolved(*place, environment)
    port = parts.port or PORTS[parts.scheme]
    if address and _connects(address, port):
        yield Endpoint(parts._replace(netloc=f"{address}:{port}").geturl(), host)
        return
    with _port_forward(namespace, name, port, environment) as local:
        yield Endpoint(parts._replace(netloc=f"127.0.0.1:{local}").geturl(), host)


def surroundings(url: str) -> Mapping[str, str]:
    """Return this process's environment. If a Service has this address and nothing says of which cluster, the bench's node is added."""
    if "KUBERNETES_SERVICE_HOST" in os.environ or _has_kubeconfig(os.environ) or service_of(urlsplit(url).hostname or "") is None:
        return os.environ
    from scripts.local import cluster  # a pod need not have it

    try:
        return cluster.running().environment()
    except DriverError:
        return os.environ


def _in_a_pod(environment: Mapping[str, str]) -> bool:
    """Like kubectl, a kubeconfig comes first: a developer's machine may be a pod of some other cluster."""
    return "KUBERNETES_SERVICE_HOST" in environment and not _has_kubeconfig(environment)


def _has_kubeconfig(environment: Mapping[str, str]) -> bool:
    files = environment.get("KUBECONFIG") or f"{environment.get('HOME', '')}/.kube/config"
    return any(Path(file).is_file() for file in files.split(os.pathsep))


def service_of(host: str) -> tuple[str, str] | None:
    """Return namespace and name of `<service>.<namespace>.svc[.cluster.local]`, or None for any other host."""
    match host.removesuffix(".").removesuffix(".cluster.local").split("."):
        case [name, namespace, "svc"]:
            return namespace, name
    return None


def _short(parts: SplitResult, environment: Mapping[str, str]) -> tuple[str, str] | None:
    """Return namespace and name of `http://<service>.<namespace>`. Without such a Service it is a host outside the cluster."""
    match (parts.scheme, *(parts.hostname or "").split(".")):
        case ["http", name, namespace]:
            try:
                kubernetes_object("service", namespace, name, environment)
            except DriverError:
                return None
            return namespace, name
    return None


def _resolved(namespace: str, name: str, environment: Mapping[str, str]) -> tuple[str, str, str]:
    """Return namespace, name and address ("" without one) of the Service that receives the requests to this one."""
    for _ in range(HOPS):
        spec = kubernetes_object("service", namespace, name, environment)["spec"]
        if spec.get("type") != "ExternalName":
            address = spec.get("clusterIP", "")
            return namespace, name, "" if address == "None" else address
        place = service_of(spec["externalName"])
        if place is None:
            raise DriverError(f"service {namespace}/{name} stands for {spec['externalName']}, which is no Service of the cluster")
        namespace, name = place
    raise DriverError(f"service {namespace}/{name}: {HOPS} services in a row only name the next one")


def kubernetes_object(kind: str, namespace: str, name: str, environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the object from the cluster. Raises DriverError if kubectl doesn't find it."""
    command = ["kubectl", "--namespace", namespace, "get", kind, name, "--output", "json"]
    try:
        found = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    except FileNotFoundError:
        raise DriverError(f"{kind} {namespace}/{name} is asked for with kubectl, which isn't on PATH") from None
    if found.returncode != 0:
        raise DriverError(f"{kind} {namespace}/{name} is not there: {reason(found)}")
    return dict(json.loads(found.stdout))


def _connects(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


@contextmanager
def _port_forward(namespace: str, name: str, port: int, environment: Mapping[str, str]) -> Iterator[int]:
    command = ["kubectl", "--namespace", namespace, "port-forward", f"service/{name}", f":{port}"]
    # Its own process group: Ctrl-C must not end it, because this program still waits for answers that are under way.
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, process_group=0) as process:
        try:
            assert process.stdout is not None  # noqa: S101 (a pipe was asked for)
            first = process.stdout.readline()  # "Forwarding from 127.0.0.1:40001 -> 8080"
            if "->" not in first:
                raise DriverError(f"kubectl port-forward to service {namespace}/{name} failed; is the pod ready?")
            yield int(first.split("->")[0].rsplit(":", 1)[1])
        finally:
            process.terminate()
