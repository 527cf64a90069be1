"""A model's entry in a stack file. Everything else about the model is derived from this value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from components.declared import Declared, Name
from components.scheduling import Resources
from components.serving.knative_contract import check_container
from components.serving.objective import Objective
from components.serving.probe import Probe
from components.serving.sagemaker import Placement, SageMaker, check_placement
from components.serving.scaling import CpuScaling, QueueScaling, Replicas, RequestScaling, Scaling, check_lower_bound
from components.serving.servers import ServerKind
from components.serving.servers.server import Server
from components.serving.sources import Source, begins_another, check_file, is_in_a_store
from components.serving.versions import FIRST, Experiment, Shadow, Version, check_experiment, check_shadow, check_versions

NAMESPACE = "default"
"""Never `kserve`: KServe's pod webhook leaves the controller's own namespace alone (kserve#3473)."""


def _by_kind(description: str) -> Any:  # noqa: ANN401 - the field may have any type
    return Field(default_factory=lambda: None, validate_default=True, description=f"{description} Default: by the kind of server.")


class ModelService(Declared):
    """A model: its server, the address of its files, its replicas and their scaling, and its objective."""

    server: ServerKind = Field(description="The kind of server, and its settings.")
    source: Source | None = Field(None, description="Address of its files, for a model of one version.")
    versions: Annotated[list[Version], Field(max_length=8)] = Field(
        default_factory=list, description="Several versions with their shares of the requests, stable first, in place of source."
    )
    replicas: Replicas = Field(Replicas(min=1, max=1), description="Fewest and most replicas of each version.")
    scaling: Scaling = _by_kind("The load that the number of replicas follows.")
    resources: Resources = _by_kind("What each replica requests, and its limits.")
    experiment: Experiment | None = Field(None, description="Requests that choose a version by a header.")
    shadow: Shadow | None = Field(None, description="A version that gets only copies of requests.")
    objective: Objective = _by_kind("The service level that users can rely on: availability and latency.")
    probe: Probe | None = Field(
        None,
        description="The question of the readiness check. Default: models/<name>/probe.json, else the question of the server's protocol.",
    )
    namespace: Name = Field(NAMESPACE, description="The Kubernetes namespace of its pods; it must exist.")
    ready_within_seconds: Annotated[int, Field(ge=30, le=3600)] = _by_kind(
        "Longest time from `pulumi up` to the first right answer, image pulls included; after it the deployment has failed."
    )
    placement: Placement = Field(
        "kubernetes", description="`sagemaker`: on a managed endpoint of Amazon SageMaker, not in the cluster (docs/sagemaker.md)."
    )
    sagemaker: SageMaker = Field(SageMaker.model_validate({}), description="The managed endpoint, with placement sagemaker.")

    renamed: ClassVar[Mapping[str, str]] = {
        "model": "source",
        "canary": "versions: [{name: v1, source: <stable>, weight: 90}, {name: v2, source: <candidate>, weight: 10}]",
        "gpus": "server.tensorParallel (vllm), or server.gpus (custom)",
        "quantization": "server.quantization",
        "toolCalling": "server.toolCalling",
    }

    @field_validator("scaling", "resources", "objective", "ready_within_seconds", mode="before")
    @classmethod
    def _default_of_the_kind(cls, given: object, others: ValidationInfo) -> object:
        kind: Server | type[Server] = others.data.get("server", Server)
        if given is not None:
            return given
        return {
            "scaling": kind.default_scaling,
            "resources": kind.default_resources,
            "objective": Objective.model_validate({"latencySeconds": kind.default_latency_seconds}),
            "ready_within_seconds": kind.default_ready_within_seconds,
        }[others.field_name or ""]

    @field_validator("source")
    @classmethod
    def _read_by_the_server(cls, source: str | None, others: ValidationInfo) -> str | None:
        if source and "server" in others.data:
            check_file(source, others.data["server"].endings)
        return source

    @field_validator("versions")
    @classmethod
    def _in_place_of_a_source(cls, versions: list[Version], others: ValidationInfo) -> list[Version]:
        if versions and others.data.get("source"):
            raise ValueError("source and versions say the same; write one of them")
        for version in versions:
            if version.source and "server" in others.data:
                check_file(version.source, others.data["server"].endings)
        return versions

    @field_validator("scaling")
    @classmethod
    def _one_lower_bound(cls, scaling: Scaling, others: ValidationInfo) -> Scaling:
        if "replicas" in others.data:
            check_lower_bound(scaling, others.data["replicas"])
        if server := others.data.get("server"):
            if scaling.metric not in server.scalings:
                left_out = "" if "metric" in scaling.model_fields_set else ", which is meant where metric is left out,"
                raise ValueError(
                    f"metric {scaling.metric}{left_out} does not exist for server {server.kind}; choose {', '.join(server.scalings)}"
                )
            if isinstance(scaling, RequestScaling) and server.gpu_count:
                raise ValueError(
                    f"metric {scaling.metric}: in Knative mode a rollout starts the new pod beside the old one, for which no GPU is free"
                )
        return scaling

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.server.source_required and any(version.source is None for version in self.all_versions):
            raise ValueError(f"source is missing: the address of the files that server {self.server.kind} reads")
        if isinstance(self.scaling, CpuScaling) and self.resources.requests.cpu is None and self.placement == "kubernetes":
            raise ValueError("scaling.metric cpu is a share of resources.requests.cpu, which is left out; write it")
        if self.on_knative:
            check_container(self.server)
        check_versions(self.all_versions, on_knative=self.on_knative)
        if self.experiment:
            check_experiment(self.experiment, self.all_versions)
        if self.shadow:
            check_shadow(self.shadow, self.all_versions)
        if self.on_knative and (self.experiment or self.shadow):
            raise ValueError(f"scaling.metric {self.scaling.metric} is Knative's, which has no experiment and no shadow; choose cpu")
        if found := begins_another(self.sources) if not self.server.endings else None:
            raise ValueError(f"{found[1]} begins with {found[0]}: KServe would download both folders for it (kserve#3776); rename one")
        check_placement(self)
        return self

    @property
    def all_versions(self) -> list[Version]:
        """All versions; `source` alone makes one version."""
        return self.versions or [Version.model_validate({"name": FIRST, "source": self.source, "weight": 100})]

    @property
    def sources(self) -> list[str]:
        return [version.source for version in self.all_versions if version.source]

    @property
    def reads_store(self) -> bool:
        return any(is_in_a_store(source) for source in self.sources)

    @property
    def on_knative(self) -> bool:
        return isinstance(self.scaling, RequestScaling)

    @property
    def sagemaker_type(self) -> str:
        """SageMaker's instance type for a managed endpoint: the entry's own, or that of its kind of server."""
        return self.sagemaker.instance_type or self.server.default_sagemaker_type

    @property
    def needs(self) -> list[str]:
        """The parts of the platform that the model needs, by the names of their sections."""
        needed = {
            "kserve": True,
            "model_store": self.reads_store,
            "knative": self.on_knative,
            "envoy_gateway": self.on_knative or len(self.all_versions) > 1,
            "keda": isinstance(self.scaling, QueueScaling),
        }
        return [name for name, there in needed.items() if there]
