"""The GPU fleet: how many there are, who has them, how they are used, and whether they are well."""

from __future__ import annotations

from components.observability.alerts.gpu import GPU_NODES, OFFERED, XID
from components.observability.dashboards.panels import Dashboard, Panel, Query, Section

ONE = "{{Hostname}} GPU {{gpu}}"


def gpus() -> Dashboard:
    return Dashboard(
        uid="inference-gpus",
        title="Inference / GPUs",
        description="Every GPU of the cluster, by node: offered and taken, use, memory, temperature, power, faults.",
        sections=(_fleet(), _use(), _health()),
        after="now-12h",
    )


def _fleet() -> Section:
    taken = OFFERED.replace("kube_node_status_allocatable", "kube_pod_container_resource_requests")
    return Section(
        "Fleet",
        (
            _number("GPU nodes", "Nodes with the label that services select by.", f"count({GPU_NODES})"),
            _number("GPUs offered", "What device plugins offer; with time-slicing more than there are.", f"sum({OFFERED})"),
            _number("GPUs asked for", "By pods that exist, waiting ones included.", f"sum({taken})"),
            _number(
                "Pods that wait",
                "Pending pods that ask for a GPU. For minutes: a node is on its way. For longer: gpu.nodes.max, or no capacity.",
                f'count(({taken} > 0) and on (namespace, pod) (kube_pod_status_phase{{phase="Pending"}} == 1))',
            ),
        ),
    )


def _use() -> Section:
    used, free = "DCGM_FI_DEV_FB_USED", "DCGM_FI_DEV_FB_FREE"
    return Section(
        "Use",
        (
            Panel(
                "Use of each GPU",
                "Share of the time in which it computed anything.",
                "percent",
                (Query("max by (Hostname, gpu) (DCGM_FI_DEV_GPU_UTIL)", ONE),),
                full=100,
            ),
            Panel(
                "Memory of each GPU",
                "Used of what it has. Above the line the alert begins.",
                "percentunit",
                (Query(f"max by (Hostname, gpu) ({used} / ({used} + {free}))", ONE),),
                limit=0.95,
                full=1,
            ),
            Panel(
                "Given to a pod and idle",
                "GPUs below 20 % over the last hour that a pod holds: paid for and not used.",
                "short",
                (Query('count(avg_over_time(DCGM_FI_DEV_GPU_UTIL{exported_pod!=""}[1h]) < 20) or vector(0)', "GPUs"),),
            ),
        ),
    )


def _health() -> Section:
    return Section(
        "Health",
        (
            Panel(
                "Temperature",
                "Above the line it slows itself down.",
                "celsius",
                (Query("max by (Hostname, gpu) (DCGM_FI_DEV_GPU_TEMP)", ONE),),
                limit=85,
            ),
            Panel("Power", "What each GPU draws.", "watt", (Query("max by (Hostname, gpu) (DCGM_FI_DEV_POWER_USAGE)", ONE),)),
            Panel(
                "Last XID",
                "The number of the last error that the driver reported, not how many: docs/runbooks/GpuXidError.md says what it means.",
                "short",
                (Query(f"max by (Hostname, gpu) ({XID})", ONE),),
            ),
        ),
    )


def _number(title: str, description: str, expr: str) -> Panel:
    return Panel(title, description, "short", (Query(f"{expr} or vector(0)", ""),), width="quarter", latest=True)
