"""NVIDIA's GPU Operator: device plugin, feature discovery and GPU metrics on every GPU node as soon as it joins.

Keys of the values: NVIDIA/gpu-operator:deployments/gpu-operator/values.yaml@v26.7.0, and of the subchart
charts/node-feature-discovery/values.yaml beside it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Literal, Self

import pulumi
import pulumi_kubernetes as k8s
from pydantic import Field, model_validator

from components import versions
from components.artifacts import Image, Mirror
from components.base import Args, Component, labels, named_by_content
from components.gpu import AmiFamily, GpuSharing
from components.helm import PlacedValues, Values, own_resources, placement, release, require_cpu_limit
from components.pods import privileged_namespace
from components.prometheus import Prometheus
from components.scheduling import GPU_RESOURCE, GPU_TOLERATION, Workload

NAMESPACE = "gpu-operator"
SHARING_KEY = "default"

PREINSTALLED: dict[AmiFamily, frozenset[Literal["driver", "toolkit"]]] = {"al2023": frozenset({"driver", "toolkit"})}
"""Parts that the GPU variant of a node image contains (awsdocs/amazon-eks-user-guide:latest/ug/ml/ml-eks-optimized-ami.adoc)."""


class SwitchValues(Values):
    enabled: bool


class CdiValues(Values):
    enabled: bool = True
    # The chart refuses NRI without its own toolkit (templates/validations.yaml).
    nri_plugin_enabled: bool = False


class OperandValues(Values):
    """The operator joins the three fields to `repository/image:version`."""

    repository: str
    image: str
    version: str


class OperatorValues(OperandValues, PlacedValues):
    resources: dict[str, dict[str, str]] | None


class EnvValues(Values):
    name: str
    value: str


class PluginValidationValues(Values):
    # A validation with a workload needs its own GPU, and on a node with one GPU a waiting pod holds it (gpu-operator#233).
    env: tuple[EnvValues, ...] = (EnvValues(name="WITH_WORKLOAD", value="false"),)


class ValidatorValues(OperandValues):
    plugin: PluginValidationValues = PluginValidationValues()


class ConfigReference(Values):
    name: str
    default: str = SHARING_KEY


class DevicePluginValues(OperandValues):
    config: ConfigReference | None


class ServiceMonitorValues(SwitchValues):
    additional_labels: dict[str, str] | None = None


class DcgmExporterValues(OperandValues):
    service_monitor: ServiceMonitorValues


class DaemonSetValues(Values):
    tolerations: list[dict[str, str]]


class NfdImageValues(Values):
    repository: str
    tag: str


class NfdValues(Values):
    image: NfdImageValues
    master: PlacedValues
    gc: PlacedValues
    worker: DaemonSetValues


class GpuOperatorValues(Values):
    driver: SwitchValues
    toolkit: SwitchValues
    cdi: CdiValues = CdiValues()
    # Needed only for A100 and H100, which no pool offers. The chart's `sandboxWorkloads` turns off operands for virtual machines.
    mig_manager: SwitchValues = SwitchValues(enabled=False)
    operator: OperatorValues
    validator: ValidatorValues
    # Settings of every operand: device plugin, feature discovery, validator and DCGM exporter.
    daemonsets: DaemonSetValues
    device_plugin: DevicePluginValues
    gfd: OperandValues
    dcgm_exporter: DcgmExporterValues
    node_feature_discovery: NfdValues = Field(alias="node-feature-discovery")


class GpuOperatorArgs(Args):
    """`prometheus`: the Prometheus that scrapes DCGM's metrics; None: they are not scraped."""

    ami_family: AmiFamily = "al2023"
    sharing: GpuSharing = GpuSharing()
    prometheus: Prometheus | None
    workload: Workload = Workload()
    mirror: Mirror

    @model_validator(mode="after")
    def _one_operator(self) -> Self:
        if self.workload.highly_available:
            raise ValueError("the GPU Operator's chart runs one replica; GPUs in use do not depend on it")
        return self

    @model_validator(mode="after")
    def _cpu_limit_is_ours(self) -> Self:
        require_cpu_limit(self.workload.resources, "500m")
        return self


class GpuOperator(Component):
    """Owns namespace, release and sharing configuration of the GPU Operator with Node Feature Discovery.

    Ready when both run. Does not wait for GPUs: nodes get their operands when they join, even much later.
    """

    def __init__(
        self,
        name: str,
        args: GpuOperatorArgs,
        opts: pulumi.ResourceOptions | None = None,
        after: Sequence[pulumi.Resource | None] = (),
    ) -> None:
        super().__init__(name, opts, after)
        # The operands mount the node's devices, driver files and kubelet sockets from the host, and run as root.
        namespace = privileged_namespace(NAMESPACE, labels(NAMESPACE, NAMESPACE), self.child())
        sharing = self._sharing(args.sharing, namespace)
        self.release = release(
            versions.GPU_OPERATOR_CHART,
            NAMESPACE,
            _values(args),
            args.mirror,
            timeout_seconds=args.workload.timeout_seconds,
            opts=self.child([namespace, *sharing]),
            crds_by_hook=True,
        )
        self.register_outputs({"namespace": NAMESPACE})

    def _sharing(self, sharing: GpuSharing, namespace: pulumi.Resource) -> list[k8s.core.v1.ConfigMap]:
        if sharing.strategy == "none":
            return []
        return [
            k8s.core.v1.ConfigMap(
                "device-plugin-sharing",
                metadata={"name": _sharing_name(sharing), "namespace": NAMESPACE, "labels": labels("device-plugin", NAMESPACE)},
                data=_sharing_data(sharing),
                opts=self.child([namespace]),
            )
        ]


def _sharing_data(sharing: GpuSharing) -> dict[str, str]:
    """The device plugin's configuration file (NVIDIA/k8s-device-plugin:api/config/v1), under the name that nodes select."""
    resource = {"name": GPU_RESOURCE, "replicas": sharing.replicas}
    # Several slices give no larger share of the GPU, so a request for more than one is refused as a misunderstanding.
    time_slicing = {"renameByDefault": False, "failRequestsGreaterThanOne": True, "resources": [resource]}
    return {SHARING_KEY: json.dumps({"version": "v1", "sharing": {"timeSlicing": time_slicing}}, indent=2)}


def _sharing_name(sharing: GpuSharing) -> str:
    """The operator does not watch the ConfigMap's contents, so a change needs a new name."""
    return named_by_content("device-plugin-sharing", _sharing_data(sharing))


def _values(args: GpuOperatorArgs) -> GpuOperatorValues:
    workload, mirror = args.workload, args.mirror
    operator, plugin = _operand(mirror.image(versions.GPU_OPERATOR)), _operand(mirror.image(versions.GPU_DEVICE_PLUGIN))
    controllers = PlacedValues(**placement(workload))
    on_gpu_nodes = DaemonSetValues(tolerations=[GPU_TOLERATION.fields()])
    preinstalled = PREINSTALLED[args.ami_family]
    nfd = mirror.image(versions.NODE_FEATURE_DISCOVERY)
    return GpuOperatorValues(
        driver=SwitchValues(enabled="driver" not in preinstalled),
        toolkit=SwitchValues(enabled="toolkit" not in preinstalled),
        operator=OperatorValues(**operator, **placement(workload), resources=own_resources(workload)),
        validator=ValidatorValues(**operator),
        daemonsets=on_gpu_nodes,
        device_plugin=DevicePluginValues(
            **plugin, config=None if args.sharing.strategy == "none" else ConfigReference(name=_sharing_name(args.sharing))
        ),
        gfd=OperandValues(**plugin),
        dcgm_exporter=DcgmExporterValues(
            **_operand(mirror.image(versions.DCGM_EXPORTER)), service_monitor=_service_monitor(args.prometheus)
        ),
        node_feature_discovery=NfdValues(
            image=NfdImageValues(repository=nfd.repository, tag=nfd.tag_and_digest),
            master=controllers,
            gc=controllers,
            worker=on_gpu_nodes,
        ),
    )


def _service_monitor(prometheus: Prometheus | None) -> ServiceMonitorValues:
    return ServiceMonitorValues(enabled=prometheus is not None, additional_labels=prometheus.labels or None if prometheus else None)


def _operand(image: Image) -> dict[str, str]:
    repository, _, name = image.repository.rpartition("/")
    return {"repository": repository, "image": name, "version": image.tag_and_digest}
