"""What a GPU node is: the image it boots and how its GPUs are shared. The node pool and the GPU Operator both read it."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from components.base import Args

AmiFamily = Literal["al2023"]
"""Decides which parts of NVIDIA's stack the node's image brings along, and which the GPU Operator must install."""


class GpuSharing(Args):
    """Whether pods share a GPU. `replicas`: how many pods take turns on each one.

    Time-slicing separates neither memory nor faults: one pod's out-of-memory is everybody's. For small models and trials.
    """

    strategy: Literal["none", "time-slicing"] = "none"
    replicas: Annotated[int, Field(ge=1, le=48)] = 1

    @model_validator(mode="after")
    def _replicas_fit_the_strategy(self) -> Self:
        if (self.strategy == "time-slicing") != (self.replicas > 1):
            raise ValueError(f"strategy {self.strategy} with {self.replicas} replicas: time-slicing needs at least 2, none exactly 1")
        return self

    def advertised(self, gpus: int) -> int:
        """What a node with so many GPUs offers as `nvidia.com/gpu`, and what an autoscaler must expect of a new one."""
        return gpus * self.replicas
