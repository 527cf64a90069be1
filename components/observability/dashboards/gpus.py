"""All GPUs of the cluster: how many there are, which pods hold them, their use, and their health."""

from __future__ import annotations

from components.observability.alerts.gpu import GPU_NODES, OFFERED, XID
from components.observability.dashboards.panels import Dashboard, Panel, Query, Section

ONE = "{{Hostname}} GPU {{gpu}}"


def gpus() -> Dashboard:
    return Dashboard(
        uid="inference-gpus",
        title="Inference / GPUs",
        description="Every GPU of the cluster, by node: offered and requested, use, memory, temperature, power, faults.",
        sections=(_fleet(), _use(), _health()),
        after="now-12h",
    )


def _fleet() -> Section:
    taken = OFFERED.replace("kube_node_status_allocatable", "kube_pod_container_resource_requests")
    return Section(
        "Fleet",
        (
            _number("GPU nodes", "Nodes with the label by which models choose GPU nodes.", f"count({GPU_NODES})"),
            _number(
                "GPUs offered", "GPUs that device plugins offer. With time-slicing they are more than the physical ones.", f"sum({OFFERED})"
            ),
            _number("GPUs requested", "GPUs that existing pods request, pending pods included.", f"sum({taken})"),
            _number(
                "Pods that wait",
                "Pending pods that request a GPU. For some minutes: a node is starting. For longer: gpu.nodes.max, or no capacity.",
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
                "Share of the time in which the GPU computed anything.",
                "percent",
                (Query("max by (Hostname, gpu) (DCGM_FI_DEV_GPU_UTIL)", ONE),),
                full=100,
            ),
            Panel(
                "Memory of each GPU",
                "Share of its memory in use. The line is the alert's threshold.",
                "percentunit",
                (Query(f"max by (Hostname, gpu) ({used} / ({used} + {free}))", ONE),),
                limit=0.95,
                full=1,
            ),
            Panel(
                "Held by a pod and idle",
                "GPUs that a pod holds and that were in use for less than 20 % of the last hour: paid for and not used.",
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
                "Above the line the GPU lowers its clock.",
                "celsius",
                (Query("max by (Hostname, gpu) (DCGM_FI_DEV_GPU_TEMP)", ONE),),
                limit=85,
            ),
            Panel("Power", "Power that each GPU draws.", "watt", (Query("max by (Hostname, gpu) (DCGM_FI_DEV_POWER_USAGE)", ONE),)),
            Panel(
                "Last XID",
                "The number of the last error that the driver reported, not a count. docs/runbooks/GpuXidError.md explains the numbers.",
                "short",
                (Query(f"max by (Hostname, gpu) ({XID})", ONE),),
            ),
        ),
    )


def _number(title: str, description: str, expr: str) -> Panel:
    return Panel(title, description, "short", (Query(f"{expr} or vector(0)", ""),), width="quarter", latest=True)
