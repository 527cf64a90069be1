"""EC2 GPU instance types that a node pool may have.

Source: aws/karpenter-provider-aws:website/content/en/docs/reference/instance-types.md@1d92708 (2026-08-21, generated from EC2's API):
NVIDIA, x86_64, whole GPUs (g6f has fractions), of the families that the AL2023 NVIDIA image supports
(awsdocs/amazon-eks-user-guide:latest/ug/ml/ml-eks-optimized-ami.adoc).
The same page has each type's GPU, and what is left for pods of an AL2023 node. Compute capabilities: developer.nvidia.com/cuda-gpus.
"""

from __future__ import annotations

import difflib
from typing import NamedTuple


class Gpu(NamedTuple):
    """One model of GPU. `compute_capability`: NVIDIA's number for its hardware features, such as 8.9."""

    name: str
    memory_mib: int
    compute_capability: float


T4 = Gpu("T4", 16384, 7.5)
A10G = Gpu("A10G", 22888, 8.6)
L4 = Gpu("L4", 22888, 8.9)
L40S = Gpu("L40S", 45776, 8.9)
RTX_PRO_6000 = Gpu("RTX PRO 6000", 98304, 12.0)
A100_40GB = Gpu("A100 40 GB", 40960, 8.0)
A100_80GB = Gpu("A100 80 GB", 81920, 8.0)
H100 = Gpu("H100", 81920, 9.0)
H200 = Gpu("H200", 144384, 9.0)
B200 = Gpu("B200", 183359, 10.0)
B300 = Gpu("B300", 275040, 10.3)


class GpuInstance(NamedTuple):
    """`memory_gib`: memory of the instance, not of its GPUs. `pod_cpus`, `pod_memory_mib`: what system and kubelet leave for pods."""

    gpu: Gpu
    gpus: int
    memory_gib: int
    pod_cpus: float
    pod_memory_mib: int


GPU_INSTANCES = {
    "g4dn.xlarge": GpuInstance(T4, 1, 16, 3.92, 14481),
    "g4dn.2xlarge": GpuInstance(T4, 1, 32, 7.91, 29636),
    "g4dn.4xlarge": GpuInstance(T4, 1, 64, 15.89, 59946),
    "g4dn.8xlarge": GpuInstance(T4, 1, 128, 31.85, 120248),
    "g4dn.16xlarge": GpuInstance(T4, 1, 256, 63.77, 241490),
    "g4dn.12xlarge": GpuInstance(T4, 4, 192, 47.81, 178933),
    "g4dn.metal": GpuInstance(T4, 8, 384, 95.69, 355262),
    "g5.xlarge": GpuInstance(A10G, 1, 16, 3.92, 14162),
    "g5.2xlarge": GpuInstance(A10G, 1, 32, 7.91, 29317),
    "g5.4xlarge": GpuInstance(A10G, 1, 64, 15.89, 57691),
    "g5.8xlarge": GpuInstance(A10G, 1, 128, 31.85, 118312),
    "g5.16xlarge": GpuInstance(A10G, 1, 256, 63.77, 239554),
    "g5.12xlarge": GpuInstance(A10G, 4, 192, 47.81, 173400),
    "g5.24xlarge": GpuInstance(A10G, 4, 384, 95.69, 355262),
    "g5.48xlarge": GpuInstance(A10G, 8, 768, 191.45, 723299),
    "g6.xlarge": GpuInstance(L4, 1, 16, 3.92, 14162),
    "g6.2xlarge": GpuInstance(L4, 1, 32, 7.91, 29317),
    "g6.4xlarge": GpuInstance(L4, 1, 64, 15.89, 57691),
    "g6.8xlarge": GpuInstance(L4, 1, 128, 31.85, 118312),
    "g6.16xlarge": GpuInstance(L4, 1, 256, 63.77, 234021),
    "g6.12xlarge": GpuInstance(L4, 4, 192, 47.81, 178933),
    "g6.24xlarge": GpuInstance(L4, 4, 384, 95.69, 355262),
    "g6.48xlarge": GpuInstance(L4, 8, 768, 191.45, 718987),
    "g6e.xlarge": GpuInstance(L40S, 1, 32, 3.92, 29317),
    "g6e.2xlarge": GpuInstance(L40S, 1, 64, 7.91, 59627),
    "g6e.4xlarge": GpuInstance(L40S, 1, 128, 15.89, 118312),
    "g6e.8xlarge": GpuInstance(L40S, 1, 256, 31.85, 239554),
    "g6e.16xlarge": GpuInstance(L40S, 1, 512, 63.77, 476504),
    "g6e.12xlarge": GpuInstance(L40S, 4, 384, 47.81, 360157),
    "g6e.24xlarge": GpuInstance(L40S, 4, 768, 95.69, 721682),
    "g6e.48xlarge": GpuInstance(L40S, 8, 1536, 191.45, 1449132),
    "g7e.2xlarge": GpuInstance(RTX_PRO_6000, 1, 64, 7.91, 57471),
    "g7e.4xlarge": GpuInstance(RTX_PRO_6000, 1, 128, 15.89, 115320),
    "g7e.8xlarge": GpuInstance(RTX_PRO_6000, 1, 256, 31.85, 236562),
    "g7e.12xlarge": GpuInstance(RTX_PRO_6000, 2, 512, 47.81, 477659),
    "g7e.24xlarge": GpuInstance(RTX_PRO_6000, 4, 1024, 95.69, 962625),
    "g7e.48xlarge": GpuInstance(RTX_PRO_6000, 8, 2048, 191.45, 1932558),
    "p4d.24xlarge": GpuInstance(A100_40GB, 8, 1152, 95.69, 1082712),
    "p4de.24xlarge": GpuInstance(A100_80GB, 8, 1152, 95.69, 1082712),
    "p5.4xlarge": GpuInstance(H100, 1, 256, 15.89, 240830),
    "p5.48xlarge": GpuInstance(H100, 8, 2048, 191.45, 1938410),
    "p5e.48xlarge": GpuInstance(H200, 8, 2048, 191.45, 1938410),
    "p5en.48xlarge": GpuInstance(H200, 8, 2048, 191.45, 1937332),
    "p6-b200.48xlarge": GpuInstance(B200, 8, 2048, 191.45, 1937332),
    "p6-b300.48xlarge": GpuInstance(B300, 8, 4096, 191.45, 3877198),
}


def checked(name: str) -> str:
    """Return `name`. Raises ValueError with the nearest known name if it is not a GPU type."""
    if name in GPU_INSTANCES:
        return name
    families = ", ".join(sorted({known.partition(".")[0] for known in GPU_INSTANCES}))
    near = difflib.get_close_matches(name, GPU_INSTANCES, n=1)
    raise ValueError(f'"{name}" is not an EC2 GPU type; ' + (f"did you mean {near[0]}?" if near else f"the families are: {families}"))


def gpus(names: list[str]) -> int:
    """Number of GPUs of each of these types. Raises ValueError if it differs: a pool's next node must be predictable."""
    counts = {name: GPU_INSTANCES[checked(name)].gpus for name in names}
    if len(set(counts.values())) > 1:
        listed = ", ".join(f"{name} has {count}" for name, count in counts.items())
        raise ValueError(f"the instance types of one pool must have the same number of GPUs; {listed}")
    return next(iter(counts.values()))
