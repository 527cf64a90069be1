"""How this machine reaches an address that only pods of the cluster know.

The bench's node is a network namespace with a route to its Services' addresses; any other cluster is entered by `kubectl port-forward`,
which is slower and ends with the pod it goes to: good for a prediction, too coarse for a measurement.
"""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from scripts.errors import DriverError, reason

PORTS = {"http": 80, "https": 443}
"""Where a scheme's servers listen when the address does not say."""
HOPS = 3
"""How many Services of type ExternalName may follow each other."""


@dataclass(frozen=True)
class Endpoint:
    """Where to connect, and what to send as Host: behind a shared ingress the name alone tells services apart."""

    url: str
    host: str


@contextmanager
def reachable(url: str, environment: Mapping[str, str], host: str | None = None) -> Iterator[Endpoint]:
    """The same endpoint as seen from this machine. `environment` names the cluster (KUBECONFIG, PATH); `host` asks for another name there.

    An address of no Service is left as it is. A Service of type ExternalName is followed to the Service it names.
    Raises DriverError where a Service isn't there.
    """
    parts = urlsplit(url)
    host = host or parts.netloc
    place = _service_of(parts.hostname or "") or _short(parts, environment)
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


def _service_of(host: str) -> tuple[str, str] | None:
    """Namespace and name in `<service>.<namespace>.svc[.cluster.local]`."""
    match host.removesuffix(".").removesuffix(".cluster.local").split("."):
        case [name, namespace, "svc"]:
            return namespace, name
    return None


def _short(parts: SplitResult, environment: Mapping[str, str]) -> tuple[str, str] | None:
    """Namespace and name in `http://<service>.<namespace>`, which may as well be a host outside: it is one where no such Service is."""
    match (parts.scheme, *(parts.hostname or "").split(".")):
        case ["http", name, namespace]:
            try:
                kubernetes_object("service", namespace, name, environment)
            except DriverError:
                return None
            return namespace, name
    return None


def _resolved(namespace: str, name: str, environment: Mapping[str, str]) -> tuple[str, str, str]:
    """Namespace, name and address ("" where it has none) of the Service that receives what is sent to this one."""
    for _ in range(HOPS):
        spec = kubernetes_object("service", namespace, name, environment)["spec"]
        if spec.get("type") != "ExternalName":
            address = spec.get("clusterIP", "")
            return namespace, name, "" if address == "None" else address
        place = _service_of(spec["externalName"])
        if place is None:
            raise DriverError(f"service {namespace}/{name} stands for {spec['externalName']}, which is no Service of the cluster")
        namespace, name = place
    raise DriverError(f"service {namespace}/{name}: {HOPS} services in a row only name the next one")


def kubernetes_object(kind: str, namespace: str, name: str, environment: Mapping[str, str]) -> dict[str, Any]:
    """The object as the cluster has it. Raises DriverError where kubectl doesn't find it."""
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
    # A process group of its own: Ctrl-C is for us, who still want the answers that are under way.
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, process_group=0) as process:
        try:
            assert process.stdout is not None  # noqa: S101 (a pipe was asked for)
            first = process.stdout.readline()  # "Forwarding from 127.0.0.1:40001 -> 8080"
            if "->" not in first:
                raise DriverError(f"kubectl port-forward to service {namespace}/{name} failed; is the pod ready?")
            yield int(first.split("->")[0].rsplit(":", 1)[1])
        finally:
            process.terminate()
