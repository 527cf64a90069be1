"""From what a section says of its controllers to how they run."""

from __future__ import annotations

from components.scheduling import Workload
from stacks.config.platform import ControllerConfig, GpuOperatorConfig, MinioConfig, PlacementConfig


def workload(section: ControllerConfig | GpuOperatorConfig | MinioConfig, placement: PlacementConfig) -> Workload:
    return Workload(
        replicas=1 if isinstance(section, GpuOperatorConfig) else section.replicas,
        resources=section.resources,
        tolerations=placement.tolerations,
        node_selector=placement.node_selector,
        timeout_seconds=section.timeout_seconds,
    )
