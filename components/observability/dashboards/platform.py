"""The whole platform: firing alerts, how full the nodes are, traffic of all models, autoscaling, store and certificates."""

from __future__ import annotations

from components.observability import queries as q
from components.observability.dashboards.panels import WINDOW, Dashboard, Panel, Query, Section

SPENDABLE = ("cpu", "memory")


def platform() -> Dashboard:
    return Dashboard(
        uid="inference-platform",
        title="Inference / Platform",
        description="Firing alerts, nodes and the requests of their pods, traffic of all models, autoscaling, store and certificates.",
        sections=(_now(), _capacity(), _traffic(), _foundation()),
    )


def _now() -> Section:
    def count(title: str, description: str, expr: str, limit: float = 1) -> Panel:
        return Panel(title, description, "short", (Query(f"{expr} or vector(0)", ""),), width="quarter", latest=True, limit=limit)

    return Section(
        "Now",
        (
            count("Critical alerts", "Critical alerts that fire now.", 'count(ALERTS{alertstate="firing",severity="critical"})'),
            count("Warnings", "Warnings that fire now.", 'count(ALERTS{alertstate="firing",severity="warning"})'),
            count(
                "Nodes that are not ready",
                "Nodes whose kubelet reports a problem, or has not reported for 40 seconds.",
                'count(kube_node_status_condition{condition="Ready",status="true"} == 0)',
            ),
            count(
                "Pods that do not run",
                "Pods in all namespaces that are pending, failed or unknown. A few for a minute are normal.",
                'count(kube_pod_status_phase{phase=~"Pending|Failed|Unknown"} == 1)',
                limit=5,
            ),
        ),
    )


def _capacity() -> Section:
    asked = {resource: f'sum(kube_pod_container_resource_requests{{resource="{resource}"}})' for resource in SPENDABLE}
    there = {resource: f'sum(kube_node_status_allocatable{{resource="{resource}"}})' for resource in SPENDABLE}
    return Section(
        "Nodes",
        (
            Panel(
                "Requested of the nodes",
                "Requests of all pods as a share of what the nodes offer. Near 1, the next pod waits for a node.",
                "percentunit",
                tuple(Query(f"{asked[resource]} / {there[resource]}", resource) for resource in SPENDABLE),
                limit=0.9,
                full=1,
            ),
            Panel(
                "CPU by namespace",
                "Cores in use by the pods of each namespace.",
                "cores",
                (Query(f'sum by (namespace) (rate(container_cpu_usage_seconds_total{{image!=""}}[{WINDOW}]))', "{{namespace}}"),),
            ),
            Panel(
                "Restarts",
                "Restarts of containers in the last hour, by namespace. A line that climbs is a crash loop.",
                "short",
                (Query("sum by (namespace) (increase(kube_pod_container_status_restarts_total[1h])) > 0", "{{namespace}}"),),
            ),
        ),
    )


def _traffic() -> Section:
    users = 'envoy_cluster_name=~"httproute/.+/rule/[0-9]+(/backend/[0-9]+)?"'

    def by_service(query: str) -> str:
        return f'sum by (service) (label_replace({query}, "service", "$1", "envoy_cluster_name", "httproute/(.+)/rule/[0-9]+.*"))'

    failed = f'rate({q.REQUESTS}{{{users},envoy_response_code_class="5"}}[{WINDOW}])'
    return Section(
        "Traffic",
        (
            Panel(
                "Requests",
                "Users' requests per second at the gateway, by route.",
                "reqps",
                (Query(by_service(f"rate({q.REQUESTS}{{{users}}}[{WINDOW}])"), "{{service}}"),),
                width="half",
            ),
            Panel(
                "Server errors",
                "Answers 5xx per second, the gateway's own included. An empty panel means that there are none.",
                "reqps",
                (Query(by_service(failed), "{{service}}"),),
                width="half",
            ),
        ),
    )


def _foundation() -> Section:
    free, total = (f"max(minio_cluster_capacity_usable_{part}_bytes)" for part in ("free", "total"))
    return Section(
        "Autoscaling, store and certificates",
        (
            Panel(
                "KEDA: failed queries",
                "Failed queries per second, by ScaledObject. While they fail, KEDA uses its fallback.",
                "reqps",
                (Query(f"sum by (scaledObject) (rate(keda_scaler_detail_errors_total[{WINDOW}]))", "{{scaledObject}}"),),
            ),
            Panel(
                "KEDA: values of the triggers",
                "The newest value of every trigger, in the trigger's own unit.",
                "short",
                (Query("max by (scaledObject, scaler) (keda_scaler_metrics_value)", "{{scaledObject}} {{scaler}}"),),
            ),
            Panel(
                "Knative: pods",
                "Ready pods of every revision that has at least one.",
                "short",
                (Query("max by (kn_revision_name) (kn_revision_pods_count) > 0", "{{kn_revision_name}}"),),
            ),
            Panel(
                "Model store: free space",
                "Free share of the usable capacity; parity for lost drives is already taken off.",
                "percentunit",
                (Query(f"{free} / {total}", "free"),),
                full=1,
            ),
            Panel(
                "Model store: drives to spare",
                "In the erasure set nearest to its write quorum. At 0, one more lost drive stops writes; a single server always has 0.",
                "short",
                (
                    Query(
                        "min(min by (pool, set) (minio_cluster_health_erasure_set_online_drives)"
                        " - max by (pool, set) (minio_cluster_health_erasure_set_write_quorum))",
                        "drives",
                    ),
                ),
            ),
            Panel(
                "Certificates: days left",
                "Days left for the five certificates that expire first. cert-manager renews after two thirds of a certificate's lifetime.",
                "d",
                (
                    Query(
                        "bottomk(5, max by (namespace, name) ((certmanager_certificate_expiration_timestamp_seconds - time()) / 86400))",
                        "{{namespace}}/{{name}}",
                    ),
                ),
            ),
        ),
    )
