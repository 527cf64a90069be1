"""GPUs that the node claims to have: the scheduler counts them, and whatever runs on them runs on the CPU.

Kubernetes' documented way to advertise a resource that no device plugin manages: a change of the node's status
(kubernetes.io: "Advertise Extended Resources for a Node"). The kubelet copies it on, but starts over with none.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

RESOURCE = "nvidia.com/gpu"
LABELS = {"workload-type": "inference"}
"""Of nodes with GPUs, by which services choose them."""


def offered(node: dict[str, Any]) -> int:
    """How many the scheduler may give away."""
    status = node.get("status", {})
    return min(int(status.get(kind, {}).get(RESOURCE, 0)) for kind in ("capacity", "allocatable"))


def lack(node: dict[str, Any], count: int) -> str:
    """Empty where the node offers exactly `count` GPUs and is labelled so, else what is wrong."""
    if offered(node) != count:
        return f"{offered(node)} offered instead of {count}"
    labelled = LABELS.items() <= node["metadata"].get("labels", {}).items()
    if labelled == bool(count):
        return ""
    return "still labelled" if labelled else "not labelled"


def advertise(node: str, count: int, kubectl: Callable[..., str]) -> None:
    """Make the node offer `count` GPUs; none of them is none of the label too."""
    amount = {RESOURCE: str(count) if count else None}
    status = json.dumps({"status": {"capacity": amount, "allocatable": amount}})
    kubectl("patch", "node", node, "--subresource=status", "--type=merge", f"--patch={status}")
    labels = json.dumps({"metadata": {"labels": {name: value if count else None for name, value in LABELS.items()}}})
    kubectl("patch", "node", node, "--type=merge", f"--patch={labels}")
