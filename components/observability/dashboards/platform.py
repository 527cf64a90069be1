"""The platform at a glance: what is wrong now, how full the nodes are, what users send, what everything stands on."""

from __future__ import annotations

from components.observability import queries as q
from components.observability.dashboards.panels import WINDOW, Dashboard, Panel, Query, Section

SPENDABLE = ("cpu", "memory")


def platform() -> Dashboard:
    return Dashboard(
        uid="inference-platform",
        title="Inference / Platform",
        description="Alerts that fire, nodes and what is asked of them, traffic of all services, autoscaling, store and certificates.",
        sections=(_now(), _capacity(), _traffic(), _foundation()),
    )


def _now() -> Section:
    def count(title: str, description: str, expr: str, limit: float = 1) -> Panel:
        return Panel(title, description, "short", (Query(f"{expr} or vector(0)", ""),), width="quarter", latest=True, limit=limit)

    return Section(
        "Now",
        (
            count("Critical alerts", "That fire now.", 'count(ALERTS{alertstate="firing",severity="critical"})'),
            count("Warnings", "That fire now.", 'count(ALERTS{alertstate="firing",severity="warning"})'),
            count(
                "Nodes that are not ready",
                "The kubelet's own word, or none of it for 40 seconds.",
                'count(kube_node_status_condition{condition="Ready",status="true"} == 0)',
            ),
            count(
                "Pods that do not run",
                "Pending, failed or unknown, in all namespaces. A few for a minute are normal.",
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
                "Asked of the nodes",
                "Requests of all pods, of what the nodes offer. Near 1, the next pod waits for a node.",
                "percentunit",
                tuple(Query(f"{asked[resource]} / {there[resource]}", resource) for resource in SPENDABLE),
                limit=0.9,
                full=1,
            ),
            Panel(
                "CPU by namespace",
                "Cores in use.",
                "cores",
                (Query(f'sum by (namespace) (rate(container_cpu_usage_seconds_total{{image!=""}}[{WINDOW}]))', "{{namespace}}"),),
            ),
            Panel(
                "Restarts",
                "Of containers in the last hour, by namespace; a line that climbs is a crash loop.",
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
                "Of users, at the gateway, by route.",
                "reqps",
                (Query(by_service(f"rate({q.REQUESTS}{{{users}}}[{WINDOW}])"), "{{service}}"),),
                width="half",
            ),
            Panel(
                "Server errors",
                "Answers 5xx per second, the gateway's own included. Nothing to see is as it should be.",
                "reqps",
                (Query(by_service(failed), "{{service}}"),),
                width="half",
            ),
        ),
    )


def _foundation() -> Section:
    free, total = (f"max(minio_cluster_capacity_usable_{part}_bytes)" for part in ("free", "total"))
    return Section(
        "What it stands on",
        (
            Panel(
                "KEDA: failed queries",
                "Per second, by ScaledObject. Meanwhile it scales by its fallback.",
                "reqps",
                (Query(f"sum by (scaledObject) (rate(keda_scaler_detail_errors_total[{WINDOW}]))", "{{scaledObject}}"),),
            ),
            Panel(
                "KEDA: what it scales by",
                "The newest value of every trigger, in the trigger's own unit.",
                "short",
                (Query("max by (scaledObject, scaler) (keda_scaler_metrics_value)", "{{scaledObject}} {{scaler}}"),),
            ),
            Panel(
                "Knative: pods",
                "Ready pods of every revision that has any.",
                "short",
                (Query("max by (kn_revision_name) (kn_revision_pods_count) > 0", "{{kn_revision_name}}"),),
            ),
            Panel(
                "Model store: free space",
                "Of what can be used, after what is kept for lost drives.",
                "percentunit",
                (Query(f"{free} / {total}", "free"),),
                full=1,
            ),
            Panel(
                "Model store: drives to spare",
                "Of the set that is nearest to its quorum. At none, one more lost drive stops writing; one server alone has none to spare.",
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
                "Of the ones that expire first. cert-manager renews after two thirds of their time.",
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
