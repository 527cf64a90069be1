"""Cases of GPUs that are damaged, missing, not measured, full, or held and idle."""

from __future__ import annotations

from tests.alerts.case import Case, Series

NODE = 'node="gpu-1"'
GPU = 'Hostname="gpu-1",gpu="0",UUID="GPU-1",modelName="NVIDIA L4"'
HELD = f'{GPU},exported_namespace="default",exported_pod="smollm-text-generation-predictor-a"'
CRITICAL, WARNING = ({"severity": "critical"},), ({"severity": "warning"},)
MISSING, UNWATCHED, XID = "GpuNodeNoAllocatable", "DcgmExporterAbsent", "GpuXidError"
HOT, REMAP, IDLE, FULL, STUCK = "GpuHot", "GpuRowRemapFailure", "GpuUtilizationLow", "GpuMemoryHigh", "GpuProfilingStuck"

IS_GPU_NODE = {f'kube_node_labels{{{NODE},label_workload_type="inference"}}': "1x60"}
IS_ANOTHER = {f"kube_node_labels{{{NODE}}}": "1x60"}


def offers(number: int, node: str = NODE) -> Series:
    return {f'kube_node_status_allocatable{{{node},resource="nvidia_com_gpu",unit="integer"}}': f"{number}x60"}


def dcgm(field: str, values: str, labels: str = GPU) -> Series:
    return {f"DCGM_FI_{field}{{{labels}}}": values}


def memory(used: int, free: int) -> Series:
    return dcgm("DEV_FB_USED", f"{used}x60") | dcgm("DEV_FB_FREE", f"{free}x60")


def working(use: int, active: float) -> Series:
    return dcgm("DEV_GPU_UTIL", f"{use}x90") | dcgm("PROF_GR_ENGINE_ACTIVE", f"{active}x90")


CASES = [
    Case(MISSING, "a node without a device plugin", IS_GPU_NODE, firing=({"severity": "critical", "node": "gpu-1"},)),
    Case(MISSING, "its GPU is given up", IS_GPU_NODE | offers(0), firing=CRITICAL),
    Case(MISSING, "another node's GPU is not its own", IS_GPU_NODE | offers(1, 'node="gpu-2"'), firing=CRITICAL),
    Case(MISSING, "it has just joined", IS_GPU_NODE, at="5m"),
    Case(MISSING, "it offers its GPU", IS_GPU_NODE | offers(1)),
    Case(MISSING, "a node without GPUs", IS_ANOTHER),
    Case(MISSING, "there are no series"),
    Case(UNWATCHED, "nothing measures it", offers(1), firing=({"severity": "warning", "node": "gpu-1"},)),
    Case(UNWATCHED, "another node is measured", offers(1) | dcgm("DEV_GPU_TEMP", "50x60", 'Hostname="gpu-2",gpu="0"'), firing=WARNING),
    Case(UNWATCHED, "it is measured", offers(1) | dcgm("DEV_GPU_TEMP", "50x60")),
    Case(UNWATCHED, "the exporter starts", offers(1), at="5m"),
    Case(UNWATCHED, "the node has no GPU", offers(0)),
    Case(UNWATCHED, "there are no series"),
    Case(XID, "it has fallen off the bus", dcgm("DEV_XID_ERRORS", "0x5 79x30"), at="8m", firing=CRITICAL),
    Case(XID, "a program's fault", dcgm("DEV_XID_ERRORS", "0x5 31x30"), at="8m", firing=WARNING),
    Case(XID, "a program's fault after another", dcgm("DEV_XID_ERRORS", "13x5 31x30"), at="8m", firing=WARNING),
    Case(XID, "long ago", dcgm("DEV_XID_ERRORS", "0x5 79x30"), at="20m"),
    Case(XID, "never", dcgm("DEV_XID_ERRORS", "0x30")),
    Case(XID, "taken back as the driver is loaded again", dcgm("DEV_XID_ERRORS", "79x5 0x30"), at="8m"),
    Case(XID, "there are no series"),
    Case(HOT, "hot", dcgm("DEV_GPU_TEMP", "86x30"), firing=WARNING),
    Case(HOT, "hot for 3 minutes", dcgm("DEV_GPU_TEMP", "86x30"), at="3m"),
    Case(HOT, "warm", dcgm("DEV_GPU_TEMP", "85x30")),
    Case(HOT, "there are no series"),
    Case(REMAP, "no spare row", dcgm("DEV_ROW_REMAP_FAILURE", "0x5 1x30"), firing=CRITICAL),
    Case(REMAP, "all is well", dcgm("DEV_ROW_REMAP_FAILURE", "0x30")),
    Case(REMAP, "there are no series"),
    Case(IDLE, "held and idle", dcgm("DEV_GPU_UTIL", "15x200", HELD), at="150m", firing=WARNING),
    Case(IDLE, "for half an hour", dcgm("DEV_GPU_UTIL", "5x200", HELD), at="30m"),
    Case(IDLE, "a fifth of the time", dcgm("DEV_GPU_UTIL", "20x200", HELD), at="150m"),
    Case(IDLE, "nobody has it", dcgm("DEV_GPU_UTIL", "0x200"), at="150m"),
    Case(IDLE, "there are no series"),
    Case(FULL, "full", memory(23_500, 500), firing=WARNING),
    Case(FULL, "full for 5 minutes", memory(23_500, 500), at="5m"),
    Case(FULL, "vLLM's share", memory(21_600, 2_400)),
    Case(FULL, "nobody says how much is free", dcgm("DEV_FB_USED", "24000x60")),
    Case(FULL, "there are no series"),
    Case(STUCK, "it works, and the profiler says no", working(90, 0), at="45m", firing=WARNING),
    Case(STUCK, "it works, and the profiler says so", working(90, 0.8), at="45m"),
    Case(STUCK, "for 20 minutes", working(90, 0), at="20m"),
    Case(STUCK, "it works a little", working(40, 0), at="45m"),
    Case(STUCK, "it is idle", working(0, 0), at="45m"),
    Case(STUCK, "this GPU has no profiler", dcgm("DEV_GPU_UTIL", "90x90"), at="45m"),
    Case(STUCK, "there are no series"),
]
