"""Which cluster the platform runs in."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Tag

from stacks.config.section import Secret, Section, chosen_by


class ExistingClusterConfig(Section):
    """Whatever the kubeconfig points at; a person's own by default."""

    kind: Literal["existing"] = Field("existing", description="An existing cluster, reached by a kubeconfig.")
    kubeconfig: Secret | None = Field(None, description="Path of a kubeconfig, or its contents. Default: KUBECONFIG, then ~/.kube/config.")
    context: str | None = Field(None, description="Context in the kubeconfig. Default: its current one.")
    identifier: str | None = Field(
        None, description="A name that stays with the cluster; when it changes, everything in the cluster is replaced, not updated."
    )


class EksClusterConfig(Section):
    """A cluster of our own on AWS."""

    kind: Literal["eks"] = Field(description="Amazon EKS, with network and node pools.")


ClusterConfig = Annotated[
    Annotated[ExistingClusterConfig, Tag("existing")] | Annotated[EksClusterConfig, Tag("eks")], chosen_by("kind", "existing", "eks")
]


class GpuConfig(Section):
    """The nodes that have GPUs."""

    mode: Literal["none", "existing", "managed"] = Field(
        "none", description="`managed`: a node group of our own on EKS; `existing`: the cluster has such nodes."
    )
