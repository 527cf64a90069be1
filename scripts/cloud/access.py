"""The way from this machine to a stack's own cluster, whatever kubectl's current context is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from scripts.commands import answer
from scripts.errors import DriverError
from stacks.config.cluster import ClusterConfig, EksClusterConfig


def cluster_access(cluster: ClusterConfig, folder: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """KUBECONFIG, kept in `folder`; of a cluster that is not ours nothing: it is the person's. Raises DriverError as the AWS CLI does."""
    if not isinstance(cluster, EksClusterConfig):
        return {}
    kubeconfig = str(folder / "kubeconfig")
    command = ["aws", "eks", "update-kubeconfig", "--name", cluster.name, "--region", cluster.region, "--kubeconfig", kubeconfig]
    try:
        answer(command, environment)
    except FileNotFoundError:
        raise DriverError("the AWS CLI leads to the cluster, and it isn't on PATH") from None
    return {"KUBECONFIG": kubeconfig}
