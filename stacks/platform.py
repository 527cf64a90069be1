"""The in-cluster layer. Only this module knows the order: APIs → certificates → gateway, Knative, KEDA, monitoring → GPUs → KServe."""

from __future__ import annotations

from dataclasses import dataclass, fields

import pulumi

from components import versions
from components.artifacts import Mirror
from components.aws.cluster_autoscaler import ClusterAutoscaler, ClusterAutoscalerArgs
from components.aws.karpenter import Karpenter, KarpenterArgs
from components.aws.karpenter_node_pool import KarpenterNodePool, KarpenterNodePoolArgs
from components.gpu import GpuSharing
from components.model_store import ModelStore
from components.platform.alert_receivers import AlertReceivers
from components.platform.cert_manager import CertManager, CertManagerArgs
from components.platform.envoy_gateway import EnvoyGateway, EnvoyGatewayArgs
from components.platform.gateway_api import GatewayApi, GatewayApiArgs
from components.platform.gpu_operator import GpuOperator, GpuOperatorArgs
from components.platform.keda import Keda, KedaArgs
from components.platform.knative import Knative, KnativeArgs
from components.platform.kserve import KServe, KServeArgs
from components.platform.monitoring import Monitoring, MonitoringArgs
from components.prometheus import Prometheus, namespace_of
from components.serving.model_service import NAMESPACE
from components.serving.sagemaker import placed
from stacks.cloud import Cluster
from stacks.config import StackConfig
from stacks.config.cluster import EksClusterConfig
from stacks.config.platform import MonitoringConfig
from stacks.images import registries
from stacks.model_store import build as build_store
from stacks.workloads import workload


@dataclass(frozen=True)
class Platform:
    """Parts that models use; None for a part that is switched off."""

    options: pulumi.ResourceOptions
    mirror: Mirror
    gateway: EnvoyGateway | None
    knative: Knative | None
    keda: Keda | None
    monitoring: Monitoring | None
    prometheus: Prometheus | None
    gpu_operator: GpuOperator | None
    autoscaler: ClusterAutoscaler | None
    karpenter: Karpenter | None
    gpu_pool: KarpenterNodePool | None
    kserve: KServe | None
    store: ModelStore | None

    @property
    def parts(self) -> list[pulumi.Resource]:
        """All that is there."""
        return [value for part in fields(self) if isinstance(value := getattr(self, part.name), pulumi.Resource)]


def build(config: StackConfig, cluster: Cluster) -> Platform:
    parts = _Parts(config, cluster)
    gateway_api = parts.gateway_api()
    certificates = parts.certificates()
    gateway = parts.gateway(gateway_api)
    knative = parts.knative()
    keda = parts.keda()
    monitoring = parts.monitoring(certificates)
    prometheus = monitoring.prometheus if monitoring else _existing(config.monitoring)
    gpu_operator = parts.gpu_operator(monitoring, prometheus)
    autoscaler = parts.cluster_autoscaler()
    karpenter = parts.karpenter()
    optional = ((gateway_api, versions.GATEWAY_API), (knative, versions.KNATIVE_SERVING), (keda, versions.KEDA))
    apis = [f"{manifest.name} {manifest.version}" for part, manifest in optional if part]
    kserve = parts.kserve(certificates, apis, after=[gateway_api, gateway, knative, keda, monitoring])
    return Platform(
        options=cluster.options,
        mirror=parts.mirror,
        gateway=gateway,
        knative=knative,
        keda=keda,
        monitoring=monitoring,
        prometheus=prometheus,
        gpu_operator=gpu_operator,
        autoscaler=autoscaler,
        karpenter=karpenter,
        gpu_pool=parts.gpu_pool(karpenter),
        kserve=kserve,
        store=build_store(config, cluster, parts.mirror, prometheus),
    )


class _Parts:
    """One method per part: from its configuration section to its component, or None if it is switched off."""

    def __init__(self, config: StackConfig, cluster: Cluster) -> None:
        self.config = config
        self.cluster = cluster
        self.options = cluster.options
        self.mirror = Mirror(**config.mirror.model_dump())
        self.protect = config.safeguards.protect

    def gateway_api(self) -> GatewayApi | None:
        if not self.config.gateway_api.enabled:
            return None
        return GatewayApi("gateway-api", GatewayApiArgs(mirror=self.mirror, protect=self.protect), self.options)

    def certificates(self) -> CertManager | None:
        section = self.config.cert_manager
        if not section.enabled:
            return None
        args = CertManagerArgs(mirror=self.mirror, workload=workload(section, self.config.placement), protect=self.protect)
        return CertManager("cert-manager", args, self.options)

    def gateway(self, gateway_api: GatewayApi | None) -> EnvoyGateway | None:
        section = self.config.envoy_gateway
        if not section.enabled:
            return None
        args = EnvoyGatewayArgs(
            route_namespaces=sorted({model.namespace for model in placed(self.config.models, "kubernetes").values()} or {NAMESPACE}),
            exposure=section.exposure,
            protect=self.protect,
            workload=workload(section, self.config.placement),
            mirror=self.mirror,
        )
        return EnvoyGateway("envoy-gateway", args, self.options, after=[gateway_api])

    def knative(self) -> Knative | None:
        section = self.config.knative
        if not section.enabled:
            return None
        args = KnativeArgs(
            mirror=self.mirror,
            workload=workload(section, self.config.placement),
            exposure=section.exposure,
            domain=section.domain,
            skipped_registries=sorted(registries(self.config)),
            protect=self.protect,
        )
        return Knative("knative", args, self.options)

    def keda(self) -> Keda | None:
        section = self.config.keda
        if not section.enabled:
            return None
        args = KedaArgs(mirror=self.mirror, workload=workload(section, self.config.placement), protect=self.protect)
        return Keda("keda", args, self.options)

    def monitoring(self, certificates: CertManager | None) -> Monitoring | None:
        section = self.config.monitoring
        if not section.enabled:
            return None
        args = MonitoringArgs(
            storage_gib=section.storage_gib,
            storage_class=self.cluster.storage_class,
            retention_days=section.retention_days,
            managed_control_plane=self.cluster.eks is not None,
            receivers=AlertReceivers(by_severity=section.alerts.model_dump()["receivers"]),
            workload=workload(section, self.config.placement),
            mirror=self.mirror,
            protect=self.protect,
        )
        return Monitoring("monitoring", args, certificates, self.options)

    def gpu_operator(self, monitoring: Monitoring | None, prometheus: Prometheus | None) -> GpuOperator | None:
        section = self.config.gpu_operator
        if not section.enabled:
            return None
        args = GpuOperatorArgs(
            sharing=GpuSharing(**self.config.gpu.sharing.model_dump()),
            prometheus=prometheus,
            workload=workload(section, self.config.placement),
            mirror=self.mirror,
        )
        return GpuOperator("gpu-operator", args, self.options, after=[monitoring])

    def cluster_autoscaler(self) -> ClusterAutoscaler | None:
        eks, cluster = self.cluster.eks, self.config.cluster
        if eks is None or not isinstance(cluster, EksClusterConfig) or not cluster.autoscaler.enabled:
            return None
        args = ClusterAutoscalerArgs(
            cluster=eks.name,
            region=eks.region,
            image=eks.release.cluster_autoscaler,
            workload=workload(cluster.autoscaler, self.config.placement),
            mirror=self.mirror,
        )
        return ClusterAutoscaler("cluster-autoscaler", args, eks.control_plane, self.options)

    def karpenter(self) -> Karpenter | None:
        eks, cluster = self.cluster.eks, self.config.cluster
        if eks is None or not isinstance(cluster, EksClusterConfig) or self.config.gpu.mode != "karpenter":
            return None
        args = KarpenterArgs(
            cluster=eks.name,
            region=eks.region,
            zonal_shift=cluster.zonal_shift,
            workload=workload(self.config.gpu.karpenter, self.config.placement),
            mirror=self.mirror,
        )
        return Karpenter("karpenter", args, eks.control_plane, self.options)

    def gpu_pool(self, karpenter: Karpenter | None) -> KarpenterNodePool | None:
        gpu, eks = self.config.gpu, self.cluster.eks
        if eks is None or karpenter is None:
            return None
        args = KarpenterNodePoolArgs(
            membership=eks.membership,
            security_group_id=eks.control_plane.security_group_id,
            instance_types=gpu.instance_types,
            capacity=gpu.capacity_types,
            reservations=gpu.karpenter.reservations,
            max=gpu.nodes.max,
            disk_gib=gpu.disk_gib,
            image=gpu.image,
            expire_after_days=gpu.karpenter.expire_after_days,
        )
        return KarpenterNodePool("gpu", args, karpenter, self.options)

    def kserve(self, certificates: CertManager | None, apis: list[str], after: list[pulumi.Resource | None]) -> KServe | None:
        """KServe comes after everything whose API it looks for, because it looks only at its start."""
        section = self.config.kserve
        if not section.enabled:
            return None
        args = KServeArgs(
            mirror=self.mirror,
            workload=workload(section, self.config.placement),
            optional_apis=apis,
            protect=self.protect,
        )
        return KServe("kserve", args, certificates, self.options, after)


def _existing(config: MonitoringConfig) -> Prometheus | None:
    url = config.prometheus_url
    return Prometheus(url=url, namespace=namespace_of(url), labels=config.labels) if url else None
