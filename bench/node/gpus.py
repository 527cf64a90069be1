"""GPUs that the node claims to have. The scheduler counts them; pods that use them run on the CPU.

This is Kubernetes' documented way to advertise a resource without a device plugin: a patch of the node's status
(kubernetes.io: "Advertise Extended Resources for a Node"). The kubelet keeps the value, but a restarted kubelet drops it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

RESOURCE = "nvidia.com/gpu"
LABELS = {"workload-type": "inference"}
"""Labels of GPU nodes, by which services select them."""


def offered(node: dict[str, Any]) -> int:
    """Number of GPUs that the scheduler may allocate."""
    status = node.get("status", {})
    return min(int(status.get(kind, {}).get(RESOURCE, 0)) for kind in ("capacity", "allocatable"))


def lack(node: dict[str, Any], count: int) -> str:
    """The difference from a node with exactly `count` GPUs and their label; empty if there is none."""
    if offered(node) != count:
        return f"{offered(node)} offered instead of {count}"
    labelled = LABELS.items() <= node["metadata"].get("labels", {}).items()
    if labelled == bool(count):
        return ""
    return "still labelled" if labelled else "not labelled"


def advertise(node: str, count: int, kubectl: Callable[..., str]) -> None:
    """Make the node offer `count` GPUs; a count of 0 also removes the label."""
    amount = {RESOURCE: str(count) if count else None}
    status = json.dumps({"status": {"capacity": amount, "allocatable": amount}})
    kubectl("patch", "node", node, "--subresource=status", "--type=merge", f"--patch={status}")
    labels = json.dumps({"metadata": {"labels": {name: value if count else None for name, value in LABELS.items()}}})
    kubectl("patch", "node", node, "--type=merge", f"--patch={labels}")
