"""Alerts on GPUs that are damaged, missing, not measured, full, or held and idle.

Metrics: NVIDIA/dcgm-exporter:etc/dcp-metrics-included.csv@4.6.0-4.8.3, the file that GPU Operator v26.7.0 has it read
(assets/state-dcgm-exporter/0800_daemonset.yaml).
"""

from __future__ import annotations

from components.observability.rules import Alert, Group
from components.scheduling import GPU_LABELS, GPU_RESOURCE

FATAL_XIDS = (48, 63, 64, 74, 79, 94, 95)
"""Numbers that mean a damaged or lost GPU (https://docs.nvidia.com/deploy/xid-errors/); programs cause the other numbers too."""

ONE_GPU = "Hostname, gpu, UUID, modelName"
XID = "DCGM_FI_DEV_XID_ERRORS"
OFFERED = f'kube_node_status_allocatable{{resource="{GPU_RESOURCE.replace("/", "_").replace(".", "_")}"}}'
"""kube-state-metrics writes the resource's name with underscores."""

((_LABEL, _VALUE),) = GPU_LABELS.items()
GPU_NODES = f'kube_node_labels{{label_{_LABEL.replace("-", "_")}="{_VALUE}"}}'


def gpu() -> Group:
    return Group(name="gpus", rules=[*_nodes(), *_faults(), *_use()])


def _nodes() -> list[Alert]:
    measured = 'label_replace(DCGM_FI_DEV_GPU_TEMP, "node", "$1", "Hostname", "(.+)")'
    return [
        Alert(
            name="GpuNodeNoAllocatable",
            expr=f"{GPU_NODES} unless on (node) {OFFERED} > 0",
            lasting="10m",
            severity="critical",
            summary="{{ $labels.node }} is a GPU node and has offered no GPU for 10 minutes",
            description="No pod can use its GPU. Look at the device plugin's pod on the node; if in doubt, delete the node.",
        ),
        Alert(
            name="DcgmExporterAbsent",
            expr=f"{OFFERED} > 0 unless on (node) {measured}",
            lasting="10m",
            severity="warning",
            summary="{{ $labels.node }} offers GPUs and nothing measures them",
            description="No alert on its GPUs can fire. Look at the DCGM exporter's pod on the node.",
        ),
    ]


def _faults() -> list[Alert]:
    new = f"changes({XID}[5m]) > 0"
    fatal = " or ".join(f"{XID} == {xid}" for xid in FATAL_XIDS)
    return [
        Alert(
            name="GpuXidError",
            expr=f"({fatal}) and {new}",
            lasting="0s",
            severity="critical",
            summary="{{ $labels.Hostname }}: GPU {{ $labels.gpu }} reports XID {{ $value }}",
            description="The GPU is damaged or lost. Cordon the node, let its pods start elsewhere, and replace the node.",
        ),
        Alert(
            name="GpuXidError",
            expr=f"{XID} > 0 and {new} unless ({fatal})",
            lasting="0s",
            severity="warning",
            summary="{{ $labels.Hostname }}: GPU {{ $labels.gpu }} reports XID {{ $value }}",
            description="Often a program's fault: look at its log and the kernel's. If it comes back on this GPU only, replace the node.",
        ),
        Alert(
            name="GpuHot",
            expr="DCGM_FI_DEV_GPU_TEMP > 85",
            lasting="5m",
            severity="warning",
            summary="{{ $labels.Hostname }}: GPU {{ $labels.gpu }} has been at {{ $value }} °C for 5 minutes",
            description="It lowers its clock, so answers take longer. In a cloud the machine is at fault: drain the node and replace it.",
        ),
        Alert(
            name="GpuRowRemapFailure",
            expr="DCGM_FI_DEV_ROW_REMAP_FAILURE > 0",
            lasting="0s",
            severity="critical",
            summary="{{ $labels.Hostname }}: GPU {{ $labels.gpu }} has no spare memory left",
            description="A damaged row of its memory could not be replaced: results may be wrong. Cordon the node now and replace it.",
        ),
    ]


def _use() -> list[Alert]:
    return [
        Alert(
            name="GpuUtilizationLow",
            expr=f'max by ({ONE_GPU}) (avg_over_time(DCGM_FI_DEV_GPU_UTIL{{exported_pod!=""}}[1h])) < 20',
            lasting="1h",
            severity="warning",
            summary="{{ $labels.Hostname }}: GPU {{ $labels.gpu }} is held by a pod and hardly used",
            description="{{ $value | humanize }} % on average for over an hour. Fewer replicas, a smaller GPU, or several pods on one.",
        ),
        Alert(
            name="GpuMemoryHigh",
            expr="DCGM_FI_DEV_FB_USED / (DCGM_FI_DEV_FB_USED + DCGM_FI_DEV_FB_FREE) > 0.95",
            lasting="10m",
            severity="warning",
            summary="{{ $labels.Hostname }}: the memory of GPU {{ $labels.gpu }} is full",
            description="{{ $value | humanizePercentage }} in use. vLLM takes its share at its start and no more: look for another pod.",
        ),
        Alert(
            name="GpuProfilingStuck",
            expr="DCGM_FI_DEV_GPU_UTIL > 50 and DCGM_FI_PROF_GR_ENGINE_ACTIVE == 0",
            lasting="30m",
            severity="warning",
            summary="{{ $labels.Hostname }}: DCGM's profiling of GPU {{ $labels.gpu }} has stopped",
            description="The GPU is busy and its profiling metrics are zero (dcgm-exporter#662). Restart the exporter's pod on the node.",
        ),
    ]
