"""Placement and number of pods: resources, taints with their tolerations, and high availability of components.

The GPU pool's labels and taint are defined only here; the pool, the GPU Operator with NFD and DCGM, and the services read them.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from components.base import Args
from components.declared import Declared
from components.quantities import CpuQuantity, MemoryQuantity, amount

Effect = Literal["NoSchedule", "PreferNoSchedule", "NoExecute"]
ZONE = "topology.kubernetes.io/zone"
HOST = "kubernetes.io/hostname"


class Quantities(Declared):
    """CPU and memory of one container. `cpu` None: no CPU request, or no CPU limit."""

    cpu: CpuQuantity | None = Field(
        None, description="CPUs, such as 500m or 2. Left out: no CPU limit. A policy wants a CPU request of every model."
    )
    memory: MemoryQuantity = Field(description="Bytes, such as 512Mi or 2Gi.")

    def fields(self) -> dict[str, str]:
        return {name: value for name, value in (("cpu", self.cpu), ("memory", self.memory)) if value is not None}


class Resources(Declared):
    """Resources of one container. The scheduler reserves requests; limits cap the use."""

    requests: Quantities = Field(description="What the scheduler keeps free.")
    limits: Quantities = Field(description="What the container may reach.")

    @model_validator(mode="after")
    def _requests_within_limits(self) -> Resources:
        for name in ("cpu", "memory"):
            request, limit = getattr(self.requests, name), getattr(self.limits, name)
            if request and limit and amount(request) > amount(limit):
                raise ValueError(f"requests.{name} {request} is greater than limits.{name} {limit}")
        return self

    def fields(self) -> dict[str, dict[str, str]]:
        return {"requests": self.requests.fields(), "limits": self.limits.fields()}


class Toleration(Declared):
    """A toleration of a pod, as Kubernetes spells it."""

    key: str
    operator: Literal["Exists", "Equal"] = "Exists"
    value: str | None = None
    effect: Effect | None = None

    def fields(self) -> dict[str, str]:
        return {name: value for name, value in self.model_dump().items() if value is not None}


class Taint(Args):
    """A node's taint, which keeps pods without the matching toleration away."""

    key: str
    value: str
    effect: Effect

    @property
    def toleration(self) -> Toleration:
        """Toleration for any value of the taint: charts of GPU vendors tolerate by `Exists`, so all other pods must too."""
        return Toleration(key=self.key, operator="Exists", effect=self.effect)


GPU_RESOURCE = "nvidia.com/gpu"
GPU_LABELS = {"workload-type": "inference"}
"""Labels by which services select GPU nodes. In the user's own cluster, the GPU nodes must carry them."""

GPU_TAINT = Taint(key=GPU_RESOURCE, value="true", effect="NoSchedule")
"""The conventional taint: every daemon set of the GPU Operator tolerates it by default (gpu-operator:values.yaml@v26.7.0)."""

GPU_TOLERATION = GPU_TAINT.toleration
GPU_NODE_LABELS = {**GPU_LABELS, "k8s.amazonaws.com/accelerator": "nvidia"}
"""Labels of a pool's nodes. The second makes cluster-autoscaler wait for a new node's GPUs instead of adding a second node
(kubernetes/autoscaler:cluster-autoscaler/cloudprovider/aws/README.md, "Special note on GPU instances").
"""


class Workload(Args):
    """Settings of one platform component's controllers.

    Several replicas get a PodDisruptionBudget that lets one go at a time, and are spread over zones and hosts.
    `resources` None: the component's defaults. `timeout_seconds`: limit for its installation or upgrade.
    """

    replicas: Annotated[int, Field(ge=1)] = 1
    resources: Resources | None = None
    tolerations: list[Toleration] = Field(default_factory=list)
    node_selector: dict[str, str] = Field(default_factory=dict)
    timeout_seconds: Annotated[int, Field(ge=30)] = 300

    @property
    def highly_available(self) -> bool:
        return self.replicas > 1

    def spread(self, selector: dict[str, str]) -> list[dict[str, object]]:
        """Topology spread constraints for pods with these labels: as even as the nodes allow, without ever blocking a start."""
        if not self.highly_available:
            return []
        return [
            {
                "maxSkew": 1,
                "topologyKey": key,
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": selector},
            }
            for key in (ZONE, HOST)
        ]
