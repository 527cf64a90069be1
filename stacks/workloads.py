"""Converts a section's controller settings to a Workload."""

from __future__ import annotations

from components.scheduling import Workload
from stacks.config.cluster import KarpenterConfig
from stacks.config.platform import ControllerConfig, GpuOperatorConfig, MinioConfig, PlacementConfig


def workload(section: ControllerConfig | GpuOperatorConfig | KarpenterConfig | MinioConfig, placement: PlacementConfig) -> Workload:
    return Workload(
        replicas=1 if isinstance(section, GpuOperatorConfig) else section.replicas,
        resources=section.resources,
        tolerations=placement.tolerations,
        node_selector=placement.node_selector,
        timeout_seconds=section.timeout_seconds,
    )
