"""Definition of a GPU node: its boot image and the sharing of its GPUs. The node pool and the GPU Operator both read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from components.base import Args

AmiFamily = Literal["al2023"]
"""Decides which parts of NVIDIA's stack the node's image contains, and which the GPU Operator must install."""


class GpuSharing(Args):
    """Sharing of a GPU among pods. `replicas`: number of pods that take turns on each GPU.

    Time-slicing separates neither memory nor faults: one pod out of memory affects all of them. For small models and trials.
    """

    strategy: Literal["none", "time-slicing"] = "none"
    replicas: Annotated[int, Field(ge=1, le=48)] = 1

    @model_validator(mode="after")
    def _replicas_fit_the_strategy(self) -> Self:
        if (self.strategy == "time-slicing") != (self.replicas > 1):
            raise ValueError(f"strategy {self.strategy} with {self.replicas} replicas: time-slicing needs at least 2, none exactly 1")
        return self

    def advertised(self, gpus: int) -> int:
        """Number of `nvidia.com/gpu` that a node with `gpus` GPUs offers; an autoscaler expects it of a new node."""
        return gpus * self.replicas


class GpuDemand(Args):
    """GPU needs of one replica, as far as its stack file entry states them; None and empty mean unstated.

    `field`: key of the entry with the number of GPUs. `memory_share`: share of each GPU's memory that the replica takes, 0 to 1.
    `weights_gib`: memory of the weights on all of its GPUs together. `capabilities`: a setting, such as `dtype bfloat16`, and the
    minimum compute capability that it needs.
    """

    count: int
    field: str = "server"
    memory_share: float | None = None
    weights_gib: float | None = None
    capabilities: Mapping[str, float] = Field(default_factory=dict)
