"""The platform's cluster and its nodes."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, Tag, ValidationInfo, field_validator, model_validator

from components.aws.addresses import MAX_ZONES
from components.aws.ec2_types import EXAMPLE, system_type
from components.aws.instance_types import checked, gpus
from components.aws.karpenter_node_pool import Reservation
from components.aws.offers import MIN_GPU_DISK_GIB, Capacity, KarpenterCapacity
from components.aws.zones import served
from components.declared import Bounds, Secret, chosen_by
from components.gpu import GpuSharing
from components.scheduling import Resources
from stacks.config.network import EndpointConfig, ExistingNetworkConfig, LogDays, ManagedNetworkConfig, NetworkConfig
from stacks.config.platform import ControllerConfig
from stacks.config.section import Section

SPOT_TYPES = 3
"""Minimum number of spot types with the same number of GPUs: with fewer, one sold-out type can leave a pool without nodes."""

Region = Annotated[str, Field(pattern=r"^(af|ap|ca|eu|il|me|mx|sa|us)-(north|south|east|west|central)+-[1-9]$")]
Account = Annotated[str, Field(pattern=r"^[0-9]{12}$")]
ClusterName = Annotated[str, Field(pattern=r"^[a-z]([a-z0-9-]{0,28}[a-z0-9])?$")]
"""At most 30 characters, because the cluster's role names contain it and the region, and may have 64."""

Admin = Annotated[str, Field(pattern=r"^(arn:aws:iam::[0-9]{12}:(role|user)/)?([A-Za-z0-9+=,.@_-]+/)*[A-Za-z0-9+=,.@_-]+$")]
ImageRelease = Annotated[str, Field(pattern=r"^1\.[0-9]{2}\.[0-9]+-[0-9]{8}$")]
TagValue = Annotated[str, Field(pattern=r"^[A-Za-z0-9 _.:/=+@-]{1,256}$")]


class ExistingClusterConfig(Section):
    """The cluster of a kubeconfig; by default the user's own kubeconfig."""

    kind: Literal["existing"] = Field("existing", description="An existing cluster, reached by a kubeconfig.")
    kubeconfig: Secret | None = Field(None, description="Path of a kubeconfig, or its contents. Default: KUBECONFIG, then ~/.kube/config.")
    context: str | None = Field(None, description="Context in the kubeconfig. Default: its current one.")
    identifier: str | None = Field(
        None, description="A constant name of the cluster; a change replaces everything in the cluster instead of updating it."
    )


def _principal(admin: str, account: str | None) -> tuple[str, ...]:
    """Account, kind and name, which IAM compares without regard to case. A bare name means a role in the cluster's account."""
    *_, owner, rest = admin.rpartition("/")[0].split(":") if admin.startswith("arn:") else ("", account or "", "role")
    return owner, rest.partition("/")[0], admin.rpartition("/")[2].lower()


class NodeRange(Bounds):
    """Number of nodes; the autoscaler stays within it."""

    min: Annotated[int, Field(ge=0, le=100)] = Field(0, description="Fewest nodes.")
    max: Annotated[int, Field(ge=1, le=100)] = Field(1, description="Most nodes: the limit of the pool's cost.")


class SystemNodesConfig(NodeRange):
    """Nodes for the platform's own pods, without GPUs."""

    min: Annotated[int, Field(ge=1, le=100)] = Field(2, description="Fewest nodes; with 2, a drain does not stop the platform.")
    max: Annotated[int, Field(ge=1, le=100)] = Field(4, description="Most nodes.")
    instance_types: Annotated[list[Annotated[str, AfterValidator(system_type)]], Field(min_length=1)] = Field(
        default_factory=lambda: [EXAMPLE], description="EC2 types with x86_64 processors, 2 vCPUs and 8 GiB or more, without GPUs."
    )
    disk_gib: Annotated[int, Field(ge=20, le=1000)] = Field(50, description="Root disk of each node.")
    release_version: ImageRelease | None = Field(
        None, description="Version of the machine image, such as 1.35.7-20260911. Default: the newest."
    )


class EksClusterConfig(Section):
    """A new EKS cluster that the program owns."""

    kind: Literal["eks"] = Field(description="Amazon EKS, with network and node pools.")
    name: ClusterName = Field(description="The cluster's name, unique in account and region.")
    region: Region = Field(description="AWS region.")
    account: Account | None = Field(
        None, description="The AWS account's number, in quotes; credentials of another account are then refused."
    )
    owner: TagValue = Field(description="Owner: the tag `owner` of everything on AWS.")
    cost_center: TagValue = Field(description="Cost centre: the tag `cost-center` of everything on AWS.")
    version: Literal["1.35"] = Field("1.35", description="Kubernetes minor version, in quotes. Raise it by one at a time, dev first.")
    zones: Annotated[list[Annotated[str, AfterValidator(served)]], Field(min_length=2, max_length=MAX_ZONES)] = Field(
        description="Availability zones, two or three. Add new ones at the end: the order decides addresses."
    )
    network: NetworkConfig = ManagedNetworkConfig.model_validate({})
    endpoint: EndpointConfig = EndpointConfig.model_validate({})
    admins: Annotated[list[Admin], Field(min_length=1)] = Field(
        description="IAM roles that administer the cluster, by ARN or by name in its account; the one that runs Pulumi must be among them. "
        "New ones go to the end."
    )
    log_retention_days: LogDays = Field(30, description="Retention of the control plane's logs.")
    zonal_shift: bool = Field(False, description="true: AWS may move traffic out of an impaired zone.")
    system_nodes: SystemNodesConfig = SystemNodesConfig.model_validate({})
    autoscaler: ControllerConfig = Field(ControllerConfig.model_validate({}), description="The cluster-autoscaler, which sizes the pools.")

    @field_validator("zones")
    @classmethod
    def _of_the_region(cls, zones: list[str], others: ValidationInfo) -> list[str]:
        if len(set(zones)) < len(zones):
            raise ValueError("the same zone occurs twice")
        region = others.data.get("region")
        if wrong := [zone for zone in zones if region and not (zone[:-1] == region and zone[-1:].isalpha())]:
            raise ValueError(f'"{wrong[0]}" is not a zone of region {region}; write for example {region}a')
        return zones

    @field_validator("admins")
    @classmethod
    def _different(cls, admins: list[str], others: ValidationInfo) -> list[str]:
        found: dict[tuple[str, ...], str] = {}
        for admin in admins:
            principal = _principal(admin, others.data.get("account"))
            if principal in found:
                raise ValueError(
                    f'"{found[principal]}" and "{admin}" are one principal: a name exists once per account in IAM, whatever its path; '
                    "leave one of them out"
                )
            found[principal] = admin
        return admins

    @field_validator("version", mode="before")
    @classmethod
    def _unquoted(cls, version: object) -> object:
        if isinstance(version, float):  # YAML reads an unquoted 1.30 as 1.3
            raise ValueError(f'{version} is read as a number; put it in quotes: version: "{version:.2f}"')  # noqa: TRY004 - pydantic collects ValueErrors only
        return version

    @field_validator("network")
    @classmethod
    def _subnets_in_all_zones(cls, network: NetworkConfig, others: ValidationInfo) -> NetworkConfig:
        zones = others.data.get("zones")
        if isinstance(network, ExistingNetworkConfig) and zones and len(network.private_subnet_ids) < len(zones):
            raise ValueError(
                f"privateSubnetIds names {len(network.private_subnet_ids)} subnets for {len(zones)} zones; each zone needs one"
            )
        return network

    @field_validator("system_nodes")
    @classmethod
    def _image_of_the_version(cls, nodes: SystemNodesConfig, others: ValidationInfo) -> SystemNodesConfig:
        release, version = nodes.release_version, others.data.get("version")
        if release and version and not release.startswith(f"{version}."):
            raise ValueError(f"releaseVersion {release} is not an image for Kubernetes {version}; write {version}.<patch>-<date>")
        return nodes


ClusterConfig = Annotated[
    Annotated[ExistingClusterConfig, Tag("existing")] | Annotated[EksClusterConfig, Tag("eks")],
    chosen_by("kind", "existing", "eks", default="existing"),
]


class GpuSharingConfig(Section):
    """Sharing of a GPU among pods."""

    strategy: Literal["none", "time-slicing"] = Field("none", description="`time-slicing`: pods take turns; memory is not separated.")
    replicas: Annotated[int, Field(ge=1, le=48)] = Field(1, description="Pods per GPU.")

    @model_validator(mode="after")
    def _as_the_pool_takes_it(self) -> Self:
        GpuSharing(**self.model_dump())
        return self


class KarpenterConfig(Section):
    """Karpenter and its nodes; for `gpu.mode: karpenter` only."""

    replicas: Annotated[int, Field(ge=1, le=5)] = Field(2, description="Replicas of its controller, each on a node of its own.")
    resources: Resources | None = Field(None, description="Resources of its controller. Default: the component's known needs.")
    timeout_seconds: Annotated[int, Field(ge=30, le=3600)] = Field(300, description="Time limit of its installation.")
    reservations: list[Reservation] = Field(
        default_factory=list, description="Capacity reservations and capacity blocks, by id (cr-...): their machines come first."
    )
    expire_after_days: Annotated[int, Field(ge=1, le=365)] = Field(30, description="Age at which a node is drained and replaced.")


class GpuConfig(Section):
    """Nodes with GPUs."""

    mode: Literal["none", "existing", "managed", "karpenter"] = Field(
        "none",
        description="`managed`: a node group that the program creates on EKS; `karpenter`: nodes that Karpenter starts on EKS, each of the "
        "cheapest type for the pods that wait; `existing`: the cluster already has such nodes.",
    )
    sharing: GpuSharingConfig = GpuSharingConfig.model_validate({})
    instance_types: list[Annotated[str, AfterValidator(checked)]] = Field(
        default_factory=list, description="EC2 types of the pool's nodes, all with the same number of GPUs."
    )
    capacity: Capacity = Field(
        "on-demand",
        description="`spot`: cheaper, but AWS takes nodes back at two minutes' notice. Where spot is sold out, Karpenter takes others.",
    )
    nodes: NodeRange = NodeRange.model_validate({})
    disk_gib: Annotated[int, Field(ge=MIN_GPU_DISK_GIB, le=4000)] = Field(
        200, description="Root disk of each node; model servers' images are large."
    )
    release_version: ImageRelease | None = Field(
        None, description="Version of the machine image, such as 1.35.7-20260911. Default: the newest; Karpenter needs one."
    )
    karpenter: KarpenterConfig = KarpenterConfig.model_validate({})

    @property
    def makes_nodes(self) -> bool:
        """True if the program decides what a GPU node is, and how many there may be."""
        return self.mode in {"managed", "karpenter"}

    @property
    def capacity_types(self) -> list[KarpenterCapacity]:
        """Kinds of capacity that Karpenter may choose from."""
        kinds: list[KarpenterCapacity] = ["spot", "on-demand"] if self.capacity == "spot" else ["on-demand"]
        return ["reserved", *kinds] if self.karpenter.reservations else kinds

    @property
    def image(self) -> str:
        """The image's version as Karpenter writes it: 1.35.7-20260911 → v20260911."""
        return f"v{(self.release_version or '').rpartition('-')[2]}"

    @model_validator(mode="after")
    def _pool_can_be_made(self) -> Self:
        if self.makes_nodes != bool(self.instance_types):
            raise ValueError(
                f"mode {self.mode} with {len(self.instance_types)} instanceTypes: managed and karpenter need at least one, others have none"
            )
        if self.instance_types:
            gpus(self.instance_types)
        if self.capacity == "spot" and len(set(self.instance_types)) < SPOT_TYPES:
            raise ValueError(
                f"capacity spot needs {SPOT_TYPES} instanceTypes or more, because one is often sold out; given: {len(self.instance_types)}"
            )
        return self

    @model_validator(mode="after")
    def _karpenter_can_make_it(self) -> Self:
        if self.mode != "karpenter":
            if "karpenter" in self.model_fields_set:
                raise ValueError(f"karpenter beside mode {self.mode}: write mode: karpenter, or leave the section out")
            return self
        if not self.release_version:
            raise ValueError("mode karpenter needs releaseVersion, such as 1.35.7-20260911: each newer image would replace every node")
        if self.nodes.min:
            raise ValueError(f"nodes.min {self.nodes.min} beside mode karpenter: it starts nodes for waiting pods only; leave min out")
        if self.sharing.replicas > 1:
            raise ValueError(
                f"sharing.replicas {self.sharing.replicas} beside mode karpenter: it would start a node for each of them, because it "
                "counts whole GPUs; leave sharing out, or write mode: managed"
            )
        return self
