"""From what a section says of its controllers to how they run."""

from __future__ import annotations

from components.scheduling import Quantities, Resources, Toleration, Workload
from stacks.config.platform import ControllerConfig, GpuOperatorConfig, MinioConfig, PlacementConfig
from stacks.config.section import ResourcesConfig


def workload(section: ControllerConfig | GpuOperatorConfig | MinioConfig, placement: PlacementConfig) -> Workload:
    return Workload(
        replicas=1 if isinstance(section, GpuOperatorConfig) else section.replicas,
        resources=resources(section.resources) if section.resources else None,
        tolerations=[Toleration(**toleration.model_dump()) for toleration in placement.tolerations],
        node_selector=placement.node_selector,
        timeout_seconds=section.timeout_seconds,
    )


def resources(section: ResourcesConfig) -> Resources:
    return Resources(
        requests=Quantities(cpu=section.requests.cpu, memory=section.requests.memory),
        limits=Quantities(cpu=section.limits.cpu, memory=section.limits.memory),
    )
