"""Access from this machine to a stack's own cluster, independent of kubectl's current context."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from scripts.commands import answer
from scripts.errors import DriverError
from stacks.config.cluster import ClusterConfig, EksClusterConfig


def cluster_access(cluster: ClusterConfig, folder: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """KUBECONFIG, written to `folder`; nothing for an existing cluster, whose kubeconfig is the user's. Raises DriverError if the AWS CLI
    fails.
    """
    if not isinstance(cluster, EksClusterConfig):
        return {}
    kubeconfig = str(folder / "kubeconfig")
    command = ["aws", "eks", "update-kubeconfig", "--name", cluster.name, "--region", cluster.region, "--kubeconfig", kubeconfig]
    try:
        answer(command, environment)
    except FileNotFoundError:
        raise DriverError("access to the cluster needs the AWS CLI, which is not on PATH") from None
    return {"KUBECONFIG": kubeconfig}
