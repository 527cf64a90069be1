"""Prometheus, Alertmanager and Grafana, with the operator that turns monitors and rules of every namespace into their configuration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import pulumi
import pulumi_kubernetes as k8s
import pulumi_random
from pydantic import Field

from components import versions
from components.artifacts import Mirror
from components.base import Args, Component, labels
from components.helm import placement, release
from components.platform.alert_receivers import SECRET as RECEIVERS_SECRET
from components.platform.alert_receivers import AlertReceivers
from components.platform.cert_manager import CertManager
from components.platform.monitoring_values import (
    AlertmanagerSpecValues,
    AlertmanagerValues,
    ClaimTemplateValues,
    ClaimValues,
    DashboardSidecarValues,
    DisruptionBudgetValues,
    GrafanaAdminValues,
    GrafanaValues,
    ImageValues,
    MonitoringValues,
    NodeExporterImageValues,
    NodeExporterValues,
    OperatorValues,
    PrometheusSpecValues,
    PrometheusValues,
    ReloaderValues,
    SidecarValues,
    StateMetricsImageValues,
    StateMetricsValues,
    StorageValues,
    SwitchValues,
)
from components.pods import privileged_namespace, secret_data
from components.prometheus import Prometheus
from components.scheduling import GPU_LABELS, Quantities, Resources, Workload

NAMESPACE = "monitoring"
RELEASE = versions.PROMETHEUS_CHART.name
DASHBOARD_LABEL = {"grafana_dashboard": "1"}
"""ConfigMaps with this label, in any namespace, are Grafana dashboards."""

ADMIN_SECRET = "grafana-admin"  # noqa: S105 - the Secret's name
ALERTMANAGER_GIB = 1
"""Silences and the notification log take megabytes, so this is the smallest possible volume."""

FILL_RATIO = 0.85
"""Share of its volume that Prometheus may fill before it drops the oldest blocks; the write-ahead log needs the rest."""


def _resources(cpu: str, memory: str) -> Resources:
    return Resources(requests=Quantities(cpu=cpu, memory=memory), limits=Quantities(memory=memory))


# The chart sets no requests, and pods without requests are the first to be evicted from the node that they watch.
PROMETHEUS = _resources("500m", "2Gi")
SMALL = _resources("50m", "256Mi")
TINY = _resources("10m", "64Mi")


class MonitoringArgs(Args):
    """`replicas` of the workload apply to Prometheus and Alertmanager, its `resources` to Prometheus.

    `storage_gib`: the volume of each Prometheus; `storage_class` None: the cluster's default. `receivers`: receivers of alerts.
    `managed_control_plane`: the cloud runs scheduler, controller manager and etcd out of reach, as on EKS. `protect`: protects the CRDs.
    """

    storage_gib: Annotated[int, Field(ge=1)]
    storage_class: str | None = None
    retention_days: Annotated[int, Field(ge=1)] = 15
    managed_control_plane: bool
    receivers: AlertReceivers = AlertReceivers()
    workload: Workload = Workload()
    mirror: Mirror
    protect: bool = False


class Monitoring(Component):
    """Owns namespace, CRDs, the release of kube-prometheus-stack, and the Secrets of Grafana's admin and of the alert receivers.

    Ready when the operator and Grafana run. Does not wait for Prometheus and Alertmanager, whose pods the operator creates.
    Other components' monitors and rules need `prometheus`. `certificates` issues the webhook's certificate; None if the cluster has its
    own.
    """

    def __init__(
        self,
        name: str,
        args: MonitoringArgs,
        certificates: CertManager | None,
        opts: pulumi.ResourceOptions | None = None,
        after: Sequence[pulumi.Resource | None] = (),
    ) -> None:
        super().__init__(name, opts, after)
        # Node exporter reads the host's network, processes and file systems.
        namespace = privileged_namespace(NAMESPACE, labels(NAMESPACE, NAMESPACE), self.child())
        # The chart keeps the CRDs in a subchart, which Helm leaves out of its release Secret: together they would exceed 1 MiB.
        crds = release(versions.PROMETHEUS_CRDS_CHART, NAMESPACE, None, args.mirror, timeout_seconds=120, opts=self.child([namespace]))
        url = f"http://{RELEASE}-prometheus.{NAMESPACE}.svc.cluster.local:9090"
        self.prometheus = Prometheus(url=url, namespace=NAMESPACE, definitions=crds)
        admin = self._admin_secret(namespace)
        self.release = release(
            versions.PROMETHEUS_CHART,
            NAMESPACE,
            _values(args),
            args.mirror,
            timeout_seconds=args.workload.timeout_seconds,
            # Grafana reads the Secret only when its pod starts.
            opts=self.child([crds, admin, *self._receivers(args.receivers, namespace), *([certificates] if certificates else [])]),
        )
        self.register_outputs({"prometheus_url": url})

    def _admin_secret(self, namespace: pulumi.Resource) -> k8s.core.v1.Secret:
        password = pulumi_random.RandomPassword(ADMIN_SECRET, length=32, special=False, opts=self.child())
        return k8s.core.v1.Secret(
            ADMIN_SECRET,
            metadata={"name": ADMIN_SECRET, "namespace": NAMESPACE, "labels": labels(ADMIN_SECRET, NAMESPACE)},
            data={"admin-user": secret_data("admin"), "admin-password": password.result.apply(secret_data)},
            opts=self.child([namespace]),
        )

    def _receivers(self, receivers: AlertReceivers, namespace: pulumi.Resource) -> list[k8s.core.v1.Secret]:
        """Created before Alertmanager, whose pod does not start without its mounts. A changed Secret takes effect with the next alert."""
        secrets: dict[str, pulumi.Output[str]] = {
            severity: told.secret.apply(secret_data) for severity, told in receivers.by_severity.items()
        }
        if not secrets:
            return []
        return [
            k8s.core.v1.Secret(
                RECEIVERS_SECRET,
                metadata={"name": RECEIVERS_SECRET, "namespace": NAMESPACE, "labels": labels(RECEIVERS_SECRET, NAMESPACE)},
                data=secrets,
                opts=self.child([namespace]),
            )
        ]


def _values(args: MonitoringArgs) -> MonitoringValues:
    reachable = SwitchValues(enabled=not args.managed_control_plane)
    state_metrics = StateMetricsImageValues.of(args.mirror.image(versions.KUBE_STATE_METRICS))
    node_exporter = NodeExporterImageValues.of(args.mirror.image(versions.NODE_EXPORTER))
    return MonitoringValues(
        prometheus_operator=_operator(args),
        prometheus=_prometheus(args),
        alertmanager=_alertmanager(args),
        grafana=_grafana(args),
        kube_state_metrics=StateMetricsValues(
            image=state_metrics, metric_labels_allowlist=[f"nodes=[{','.join(GPU_LABELS)}]"], **_placed(args, SMALL)
        ),
        prometheus_node_exporter=NodeExporterValues(image=node_exporter, resources=TINY.fields()),
        kube_controller_manager=reachable,
        kube_etcd=reachable,
        kube_proxy=reachable,
        kube_scheduler=reachable,
    )


def _operator(args: MonitoringArgs) -> OperatorValues:
    reloader = ImageValues.of(args.mirror.image(versions.PROMETHEUS_CONFIG_RELOADER))
    return OperatorValues(
        image=ImageValues.of(args.mirror.image(versions.PROMETHEUS_OPERATOR)),
        prometheus_config_reloader=ReloaderValues(image=reloader, resources=TINY.fields()),
        **_placed(args, SMALL),
    )


def _prometheus(args: MonitoringArgs) -> PrometheusValues:
    replicas = args.workload.replicas
    return PrometheusValues(
        prometheus_spec=PrometheusSpecValues(
            image=ImageValues.of(args.mirror.image(versions.PROMETHEUS)),
            replicas=replicas,
            topology_spread_constraints=_spread(args, "prometheus"),
            retention=f"{args.retention_days}d",
            retention_size=f"{int(args.storage_gib * 1024 * FILL_RATIO)}MiB",
            storage_spec=_storage(args, args.storage_gib),
            **_placed(args, args.workload.resources or PROMETHEUS),
        ),
        pod_disruption_budget=_disruption_budget(args),
    )


def _alertmanager(args: MonitoringArgs) -> AlertmanagerValues:
    told = args.receivers.by_severity
    return AlertmanagerValues(
        config=args.receivers.configuration() if told else None,
        alertmanager_spec=AlertmanagerSpecValues(
            image=ImageValues.of(args.mirror.image(versions.ALERTMANAGER)),
            replicas=args.workload.replicas,
            topology_spread_constraints=_spread(args, "alertmanager"),
            storage=_storage(args, ALERTMANAGER_GIB),
            secrets=[RECEIVERS_SECRET] if told else [],
            **_placed(args, TINY),
        ),
        pod_disruption_budget=_disruption_budget(args),
    )


def _grafana(args: MonitoringArgs) -> GrafanaValues:
    """One replica without a volume: dashboards are code, and its database would hold nothing else."""
    ((label, value),) = DASHBOARD_LABEL.items()
    return GrafanaValues(
        image=ImageValues.of(args.mirror.image(versions.GRAFANA)),
        admin=GrafanaAdminValues(existing_secret=ADMIN_SECRET, user_key="admin-user", password_key="admin-password"),  # noqa: S106 - a key
        sidecar=SidecarValues(
            image=ImageValues.of(args.mirror.image(versions.GRAFANA_SIDECAR)),
            resources=_resources("10m", "128Mi").fields(),
            dashboards=DashboardSidecarValues(label=label, label_value=value),
        ),
        **_placed(args, _resources("100m", "512Mi")),
    )


def _placed(args: MonitoringArgs, resources: Resources) -> dict[str, Any]:
    return {**placement(args.workload), "resources": resources.fields()}


def _storage(args: MonitoringArgs, gib: int) -> StorageValues:
    claim = ClaimValues(storage_class_name=args.storage_class, resources={"requests": {"storage": f"{gib}Gi"}})
    return StorageValues(volume_claim_template=ClaimTemplateValues(spec=claim))


def _spread(args: MonitoringArgs, what: str) -> list[dict[str, object]]:
    """Spread pods by the label that the operator gives them; the chart's budgets select the same label."""
    return args.workload.spread({"app.kubernetes.io/name": what})


def _disruption_budget(args: MonitoringArgs) -> DisruptionBudgetValues:
    """All replicas but one must stay. A single replica gets no budget, which would only block the drain of its node."""
    return DisruptionBudgetValues(enabled=args.workload.highly_available, min_available=args.workload.replicas - 1)
