"""Values of kube-prometheus-stack: the keys that the platform sets, spelled as in the chart.

prometheus-community/helm-charts:charts/kube-prometheus-stack/values.yaml@88.5.3, its subcharts kube-state-metrics 8.4.0 and
prometheus-node-exporter 4.56.1 beside it, grafana-community/helm-charts:charts/grafana/values.yaml@grafana-12.11.1.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from components.artifacts import Image
from components.helm import PlacedValues, Values


class SwitchValues(Values):
    enabled: bool


class ImageValues(Values):
    """Every image is set separately: `global.imageRegistry` replaces hosts only, and a mirror may keep images under a path."""

    registry: str
    repository: str
    tag: str
    sha: str | None = Field(default=None, description="Without `sha256:`, except for kube-state-metrics.")

    @classmethod
    def of(cls, image: Image) -> ImageValues:
        registry, _, repository = image.repository.partition("/")
        sha = image.digest.removeprefix("sha256:") if image.digest else None
        return cls(registry=registry, repository=repository, tag=image.required_tag, sha=sha)


class StateMetricsImageValues(ImageValues):
    @classmethod
    def of(cls, image: Image) -> StateMetricsImageValues:
        return cls(**{**ImageValues.of(image).model_dump(), "sha": image.digest})


class NodeExporterImageValues(Values):
    registry: str
    repository: str
    tag: str
    digest: str | None
    # The chart would append a suffix that the tag already has.
    distroless: bool = False

    @classmethod
    def of(cls, image: Image) -> NodeExporterImageValues:
        registry, _, repository = image.repository.partition("/")
        return cls(registry=registry, repository=repository, tag=image.required_tag, digest=image.digest)


class PodValues(PlacedValues):
    resources: dict[str, dict[str, str]]


class ClaimValues(Values):
    storage_class_name: str | None
    access_modes: tuple[str, ...] = ("ReadWriteOnce",)
    resources: dict[str, dict[str, str]]


class ClaimTemplateValues(Values):
    spec: ClaimValues


class StorageValues(Values):
    volume_claim_template: ClaimTemplateValues


class DisruptionBudgetValues(Values):
    # The chart's default has this key; adding `maxUnavailable` would make the object invalid.
    enabled: bool
    min_available: int


class ReplicatedValues(PodValues):
    image: ImageValues
    replicas: int
    topology_spread_constraints: list[dict[str, Any]]


class PrometheusSpecValues(ReplicatedValues):
    retention: str
    retention_size: str
    storage_spec: StorageValues
    # Without these, Prometheus silently reads only the objects of this release.
    service_monitor_selector_nil_uses_helm_values: bool = False
    pod_monitor_selector_nil_uses_helm_values: bool = False
    probe_selector_nil_uses_helm_values: bool = False
    rule_selector_nil_uses_helm_values: bool = False
    scrape_config_selector_nil_uses_helm_values: bool = False


class PrometheusValues(Values):
    prometheus_spec: PrometheusSpecValues
    pod_disruption_budget: DisruptionBudgetValues


class AlertmanagerSpecValues(ReplicatedValues):
    storage: StorageValues
    # Names of Secrets that Alertmanager mounts.
    secrets: list[str]


class AlertmanagerValues(Values):
    # Alertmanager's own configuration, with its own key names.
    config: dict[str, Any] | None
    alertmanager_spec: AlertmanagerSpecValues
    pod_disruption_budget: DisruptionBudgetValues


class AdmissionWebhookValues(Values):
    # One replica serves the webhook. While it restarts, rules pass unchecked; refusing them would stop every deployment.
    failure_policy: Literal["Ignore"] = "Ignore"
    # Hook Jobs that sign a certificate; cert-manager replaces them.
    patch: SwitchValues = SwitchValues(enabled=False)
    cert_manager: SwitchValues = SwitchValues(enabled=True)


class ReloaderValues(Values):
    image: ImageValues
    resources: dict[str, dict[str, str]]


class OperatorValues(PodValues):
    image: ImageValues
    prometheus_config_reloader: ReloaderValues
    admission_webhooks: AdmissionWebhookValues = AdmissionWebhookValues()


class GrafanaAdminValues(Values):
    existing_secret: str
    user_key: str
    password_key: str


class DashboardSidecarValues(Values):
    label: str
    label_value: str
    search_namespace: Literal["ALL"] = "ALL"


class SidecarValues(Values):
    image: ImageValues
    resources: dict[str, dict[str, str]]
    dashboards: DashboardSidecarValues


class GrafanaValues(PodValues):
    image: ImageValues
    admin: GrafanaAdminValues
    sidecar: SidecarValues
    # Pods of `helm test`, which is not used here.
    test_framework: SwitchValues = SwitchValues(enabled=False)


class StateMetricsValues(PodValues):
    image: StateMetricsImageValues
    # kube-state-metrics exports only the labels in this list.
    metric_labels_allowlist: list[str]


class NodeExporterValues(Values):
    """The chart's default tolerates every taint, so it runs on GPU nodes too."""

    image: NodeExporterImageValues
    resources: dict[str, dict[str, str]]


class MonitoringValues(Values):
    # Helm would install the CRDs once and never upgrade them; they are a separate release.
    crds: SwitchValues = SwitchValues(enabled=False)
    prometheus_operator: OperatorValues
    prometheus: PrometheusValues
    alertmanager: AlertmanagerValues
    grafana: GrafanaValues
    kube_state_metrics: StateMetricsValues = Field(alias="kube-state-metrics")
    prometheus_node_exporter: NodeExporterValues = Field(alias="prometheus-node-exporter")
    # Each key also switches its alerts, which would fire for ever for an unreachable target.
    kube_controller_manager: SwitchValues
    kube_etcd: SwitchValues
    kube_proxy: SwitchValues
    kube_scheduler: SwitchValues
