"""GPUs that are ill, missing, unwatched, full, or paid for and idle.

Metrics: NVIDIA/dcgm-exporter:etc/dcp-metrics-included.csv@4.6.0-4.8.3, the file that GPU Operator v26.7.0 has it read
(assets/state-dcgm-exporter/0800_daemonset.yaml).
"""

from __future__ import annotations

from components.observability.rules import Alert, Group
from components.scheduling import GPU_LABELS, GPU_RESOURCE

FATAL_XIDS = (48, 63, 64, 74, 79, 94, 95)
"""The GPU or its memory is damaged or gone (https://docs.nvidia.com/deploy/xid-errors/); others come from programs too."""

ONE_GPU = "Hostname, gpu, UUID, modelName"
XID = "DCGM_FI_DEV_XID_ERRORS"
OFFERED = f'kube_node_status_allocatable{{resource="{GPU_RESOURCE.replace("/", "_").replace(".", "_")}"}}'
"""As kube-state-metrics spells the resource."""

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
            description="It costs money and no pod can use it. Look at the device plugin's pod on it; if in doubt, delete the node.",
        ),
        Alert(
            name="DcgmExporterAbsent",
            expr=f"{OFFERED} > 0 unless on (node) {measured}",
            lasting="10m",
            severity="warning",
            summary="{{ $labels.node }} offers GPUs and nobody measures them",
            description="All alerts on its GPUs are silent, whatever happens. Look at the DCGM exporter's pod on it.",
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
            description="It is damaged or lost. Cordon the node, let its pods start elsewhere, and replace the node.",
        ),
        Alert(
            name="GpuXidError",
            expr=f"{XID} > 0 and {new} unless ({fatal})",
            lasting="0s",
            severity="warning",
            summary="{{ $labels.Hostname }}: GPU {{ $labels.gpu }} reports XID {{ $value }}",
            description="Often the program's fault: look at its log and the kernel's. If it comes back on this GPU only, replace the node.",
        ),
        Alert(
            name="GpuHot",
            expr="DCGM_FI_DEV_GPU_TEMP > 85",
            lasting="5m",
            severity="warning",
            summary="{{ $labels.Hostname }}: GPU {{ $labels.gpu }} has been at {{ $value }} °C for 5 minutes",
            description="It slows itself down, and answers with it. In a cloud this is the machine's fault: drain the node and replace it.",
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
            summary="{{ $labels.Hostname }}: GPU {{ $labels.gpu }} is given to a pod and hardly used",
            description="{{ $value | humanize }} % on average for over an hour. Fewer replicas, a smaller GPU, or several pods on one.",
        ),
        Alert(
            name="GpuMemoryHigh",
            expr="DCGM_FI_DEV_FB_USED / (DCGM_FI_DEV_FB_USED + DCGM_FI_DEV_FB_FREE) > 0.95",
            lasting="10m",
            severity="warning",
            summary="{{ $labels.Hostname }}: the memory of GPU {{ $labels.gpu }} is full",
            description="{{ $value | humanizePercentage }}. vLLM takes its share at its start and no more: look who came beside it.",
        ),
        Alert(
            name="GpuProfilingStuck",
            expr="DCGM_FI_DEV_GPU_UTIL > 50 and DCGM_FI_PROF_GR_ENGINE_ACTIVE == 0",
            lasting="30m",
            severity="warning",
            summary="{{ $labels.Hostname }}: DCGM's profiling of GPU {{ $labels.gpu }} has stopped",
            description="The GPU works and its profiling metrics say zero (dcgm-exporter#662). Restart the exporter's pod on the node.",
        ),
    ]
