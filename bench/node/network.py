"""The link between host and node, and the routes by which the host reaches the API, Services and pods."""

from __future__ import annotations

import ipaddress
import json
from typing import Any

from bench.errors import BenchError
from bench.node import shell
from bench.node.namespaces import enter
from bench.paths import Instance

SWITCHED_ON = (
    "/proc/sys/net/ipv4/ip_forward",
    # Makes traffic between pods on the same bridge pass kube-proxy's rules for Services.
    "/proc/sys/net/bridge/bridge-nf-call-iptables",
)
"""Settings of the node's network namespace; the host keeps its own."""


def create(instance: Instance) -> None:
    """Make the missing parts of the link, its addresses and its routes."""
    if not _link_is_up(instance):
        _check_addresses_are_free(instance)
        _make_link(instance)
    for cidr in (instance.service_cidr, instance.pod_cidr):
        shell.run(["ip", "route", "replace", cidr, "via", instance.node_ip, "dev", instance.link])


def remove(instance: Instance) -> None:
    """Remove the link; its other end and its routes disappear with it."""
    if any(link["ifname"] == instance.link for link in _ip("link", "show")):
        shell.run(["ip", "link", "delete", instance.link])


def overlaps(instance: Instance, routes: list[dict[str, Any]]) -> list[str]:
    """Destinations among `routes` (output of `ip -json route`) that overlap the node's addresses over another link."""
    wanted = [ipaddress.ip_network(cidr, strict=False) for cidr in (f"{instance.host_ip}/30", instance.service_cidr, instance.pod_cidr)]
    found = []
    for route in routes:
        if route["dst"] == "default" or route.get("dev") == instance.link:
            continue
        if any(ipaddress.ip_network(route["dst"]).overlaps(network) for network in wanted):
            found.append(f"{route['dst']} (over {route.get('dev', 'no link')})")
    return found


def _check_addresses_are_free(instance: Instance) -> None:
    if taken := ", ".join(overlaps(instance, _ip("route", "show"))):
        wanted = f"{instance.service_cidr} and {instance.pod_cidr}"
        raise BenchError(
            f"the node needs {wanted}, but this machine already routes {taken}; choose another range, such as BENCH_ADDRESSES=172.24.0.0/16"
        )


def _link_is_up(instance: Instance) -> bool:
    links = [link for link in _ip("address", "show") if link["ifname"] == instance.link]
    return bool(links) and links[0]["operstate"] == "UP" and any(a.get("local") == instance.host_ip for a in links[0]["addr_info"])


def _make_link(instance: Instance) -> None:
    remove(instance)
    inside = enter(instance)
    shell.run(["ip", "link", "add", instance.link, "type", "veth", "peer", "name", "eth0", "netns", instance.netns])
    shell.run([*inside, "ip", "address", "replace", f"{instance.node_ip}/30", "dev", "eth0"])
    shell.run([*inside, "ip", "link", "set", "eth0", "up"])
    # The kernel rewrites Service addresses only after it finds a route for them, so the node needs a default route.
    shell.run([*inside, "ip", "route", "replace", "default", "via", instance.host_ip])
    shell.run(["ip", "address", "replace", f"{instance.host_ip}/30", "dev", instance.link])
    shell.run(["ip", "link", "set", instance.link, "up"])
    for setting in SWITCHED_ON:
        shell.run([*inside, "sh", "-c", f"echo 1 > {setting}"])


def _ip(*words: str) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = json.loads(shell.run(["ip", "-json", *words]) or "[]")
    return answer
