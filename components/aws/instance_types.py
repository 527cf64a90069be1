"""EC2's GPU instance types that a node pool may have.

Source: aws/karpenter-provider-aws:website/content/en/docs/reference/instance-types.md@1d92708 (2026-08-21, generated from EC2's API):
NVIDIA, x86_64, whole GPUs (g6f has fractions), of the families that the AL2023 NVIDIA image supports
(awsdocs/amazon-eks-user-guide:latest/ug/ml/ml-eks-optimized-ami.adoc).
"""

from __future__ import annotations

import difflib
from typing import NamedTuple


class GpuInstance(NamedTuple):
    """`memory_gib`: the instance's own, not its GPUs'."""

    gpus: int
    memory_gib: int


GPU_INSTANCES = {
    "g4dn.xlarge": GpuInstance(1, 16),
    "g4dn.2xlarge": GpuInstance(1, 32),
    "g4dn.4xlarge": GpuInstance(1, 64),
    "g4dn.8xlarge": GpuInstance(1, 128),
    "g4dn.16xlarge": GpuInstance(1, 256),
    "g4dn.12xlarge": GpuInstance(4, 192),
    "g4dn.metal": GpuInstance(8, 384),
    "g5.xlarge": GpuInstance(1, 16),
    "g5.2xlarge": GpuInstance(1, 32),
    "g5.4xlarge": GpuInstance(1, 64),
    "g5.8xlarge": GpuInstance(1, 128),
    "g5.16xlarge": GpuInstance(1, 256),
    "g5.12xlarge": GpuInstance(4, 192),
    "g5.24xlarge": GpuInstance(4, 384),
    "g5.48xlarge": GpuInstance(8, 768),
    "g6.xlarge": GpuInstance(1, 16),
    "g6.2xlarge": GpuInstance(1, 32),
    "g6.4xlarge": GpuInstance(1, 64),
    "g6.8xlarge": GpuInstance(1, 128),
    "g6.16xlarge": GpuInstance(1, 256),
    "g6.12xlarge": GpuInstance(4, 192),
    "g6.24xlarge": GpuInstance(4, 384),
    "g6.48xlarge": GpuInstance(8, 768),
    "g6e.xlarge": GpuInstance(1, 32),
    "g6e.2xlarge": GpuInstance(1, 64),
    "g6e.4xlarge": GpuInstance(1, 128),
    "g6e.8xlarge": GpuInstance(1, 256),
    "g6e.16xlarge": GpuInstance(1, 512),
    "g6e.12xlarge": GpuInstance(4, 384),
    "g6e.24xlarge": GpuInstance(4, 768),
    "g6e.48xlarge": GpuInstance(8, 1536),
    "g7e.2xlarge": GpuInstance(1, 64),
    "g7e.4xlarge": GpuInstance(1, 128),
    "g7e.8xlarge": GpuInstance(1, 256),
    "g7e.12xlarge": GpuInstance(2, 512),
    "g7e.24xlarge": GpuInstance(4, 1024),
    "g7e.48xlarge": GpuInstance(8, 2048),
    "p4d.24xlarge": GpuInstance(8, 1152),
    "p4de.24xlarge": GpuInstance(8, 1152),
    "p5.4xlarge": GpuInstance(1, 256),
    "p5.48xlarge": GpuInstance(8, 2048),
    "p5e.48xlarge": GpuInstance(8, 2048),
    "p5en.48xlarge": GpuInstance(8, 2048),
    "p6-b200.48xlarge": GpuInstance(8, 2048),
    "p6-b300.48xlarge": GpuInstance(8, 4096),
}


def checked(name: str) -> str:
    """Raises ValueError, with the nearest name there is, for what is no GPU type."""
    if name in GPU_INSTANCES:
        return name
    families = ", ".join(sorted({known.partition(".")[0] for known in GPU_INSTANCES}))
    near = difflib.get_close_matches(name, GPU_INSTANCES, n=1)
    raise ValueError(f'"{name}" is not an EC2 GPU type; ' + (f"did you mean {near[0]}?" if near else f"the families are: {families}"))


def gpus(names: list[str]) -> int:
    """How many GPUs every one of these has. Raises ValueError when they differ: a pool's next node must be predictable."""
    counts = {name: GPU_INSTANCES[checked(name)].gpus for name in names}
    if len(set(counts.values())) > 1:
        listed = ", ".join(f"{name} has {count}" for name, count in counts.items())
        raise ValueError(f"the instance types of one pool have equally many GPUs; {listed}")
    return next(iter(counts.values()))
