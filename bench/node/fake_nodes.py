"""Karpenter with its own kwok cloud: it makes a Node object for pods that wait, and kwok reports the node and its pods as running.

Nothing runs on such a node, so hundreds of them fit on two cores. Both processes act as the administrator.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench import tools
from bench.manifests import KARPENTER_CRDS, KWOK_STAGES
from bench.node import gpus
from bench.node.addons import READY_TIMEOUT, Kubectl
from bench.node.pki import Pki
from bench.node.process import Process, flags
from bench.paths import Instance

METRICS_PORT, HEALTH_PORT, KWOK_PORT = 18080, 18081, 10247

MARK = "kwok.x-k8s.io/node=fake"
"""Annotation of the nodes that kwok stands in for (kubernetes-sigs/karpenter:kwok/cloudprovider/cloudprovider.go@v1.14.0)."""

LEASE_SECONDS = 160
"""kwok renews a node's lease after a quarter of it, and the controller manager gives a node up after 50 s. More often would cost a core."""

ADDRESSES = "198.18.0.1/15"
"""Addresses of pods that nobody can reach: the range for measurements of networks (RFC 2544)."""

ZONES = ("bench-a", "bench-b", "bench-c")
SPOT = 0.4
"""Price of a spot machine in parts of the price on demand; a made-up number, smaller than 1."""

TYPES = {
    # EC2 type → vCPUs, GiB of memory, GPUs, US dollars per hour on demand.
    "g4dn.xlarge": (4, 16, 1, 0.526),
    "g5.xlarge": (4, 16, 1, 1.006),
    "g5.12xlarge": (48, 192, 4, 5.672),
    "g6.xlarge": (4, 16, 1, 0.8048),
    "g6.12xlarge": (48, 192, 4, 4.6016),
    "g6e.xlarge": (4, 32, 1, 1.861),
    "p5.48xlarge": (192, 2048, 8, 55.04),
}
"""Machines on offer, with prices of us-east-1 (aws/karpenter-provider-aws:pkg/providers/pricing/zz_generated.pricing_aws.go@v1.14.1)."""


def define(kubectl: Kubectl) -> None:
    """Install the definitions of NodePool and its kind."""
    kubectl.apply(KARPENTER_CRDS.path.read_text())
    kubectl("wait", "--for=condition=Established", f"--timeout={READY_TIMEOUT:.0f}s", "crd", "--all")


def processes(instance: Instance, pki: Pki) -> Iterator[tuple[Process, str]]:
    """Both, each with the URL that answers once it is ready."""
    yield kwok(instance, pki), f"http://{instance.node_ip}:{KWOK_PORT}/healthz"
    yield karpenter(instance, pki), f"http://{instance.node_ip}:{HEALTH_PORT}/readyz"


def kwok(instance: Instance, pki: Pki) -> Process:
    options: dict[str, str | int | Path] = {
        "kubeconfig": instance.kubeconfig,
        "config": KWOK_STAGES.path,
        "manage-all-nodes": "false",
        "manage-nodes-with-annotation-selector": MARK,
        "node-lease-duration-seconds": LEASE_SECONDS,
        "cidr": ADDRESSES,
        "server-address": f"{instance.node_ip}:{KWOK_PORT}",
    }
    inputs = (instance.kubeconfig, KWOK_STAGES.path, pki.cert("admin"))
    return Process("kwok", (str(tools.binary("kwok")), *flags(options)), inputs)


def karpenter(instance: Instance, pki: Pki) -> Process:
    offers = instance.state / "instance-types.json"
    offers.write_text(json.dumps(instance_types(), indent=2) + "\n")
    options: dict[str, str | int | Path] = {
        "instance-types-file-path": offers,
        # A single process; a restart must not wait for the lease of its predecessor.
        "disable-leader-election": "true",
        "metrics-port": METRICS_PORT,
        "health-probe-port": HEALTH_PORT,
    }
    inputs = (instance.kubeconfig, offers, pki.cert("admin"))
    return Process("karpenter", (str(tools.binary("karpenter")), *flags(options)), inputs, {"KUBECONFIG": str(instance.kubeconfig)})


def instance_types() -> list[dict[str, Any]]:
    """The file that Karpenter's kwok cloud reads (kwok/cloudprovider/helpers.go@v1.14.0)."""
    return [
        {
            "name": name,
            "architecture": "amd64",
            "operatingSystems": ["linux"],
            "resources": {"cpu": str(vcpus), "memory": f"{gib}Gi", "ephemeral-storage": "200Gi", gpus.RESOURCE: str(count)},
            "offerings": [
                {
                    "Price": price * share,
                    "Available": True,
                    "Requirements": [
                        {"key": "karpenter.sh/capacity-type", "operator": "In", "values": [capacity]},
                        {"key": "topology.kubernetes.io/zone", "operator": "In", "values": [zone]},
                    ],
                }
                for capacity, share in (("on-demand", 1.0), ("spot", SPOT))
                for zone in ZONES
            ],
        }
        for name, (vcpus, gib, count, price) in TYPES.items()
    ]
