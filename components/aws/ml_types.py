"""SageMaker's instance types: EC2's, with `ml.` before the name."""

from __future__ import annotations

import re

from components.aws.ec2_types import ARCHITECTURE, ec2_types
from components.aws.instance_types import GPU_INSTANCES

PREFIX = "ml."
EXAMPLES = f"{PREFIX}m5.large or {PREFIX}g6.xlarge"

LOCAL_DISK = re.compile(r"(i\d|[a-z]+\d+[a-z]*d)[a-z0-9]*\.")
"""Families with disks of their own: storage's, and those with a `d` after the generation, such as m6id (EC2's page on instance stores)."""


def ml_type(name: str) -> str:
    """Return `name`. Raises ValueError with the reason if no model's image runs on it."""
    found = ec2_types().get(ec2_type(name)) if name.startswith(PREFIX) else None
    if found is None:
        raise ValueError(f'"{name}" is no instance type of SageMaker; write for example {EXAMPLES}')
    if found.architecture != ARCHITECTURE or (found.traits and ec2_type(name) not in GPU_INSTANCES):
        raise ValueError(f'"{name}" runs no image for {ARCHITECTURE} on CPUs or NVIDIA\'s GPUs; choose for example {EXAMPLES}')
    return name


def ec2_type(name: str) -> str:
    """`ml.g6.xlarge` → `g6.xlarge`."""
    return name.removeprefix(PREFIX)


def has_local_disk(name: str) -> bool:
    """True if the type brings its own disk, which its hardware encrypts; SageMaker then refuses a KMS key (API_CreateEndpointConfig).

    Every GPU type of the list has one.
    """
    return ec2_type(name) in GPU_INSTANCES or LOCAL_DISK.match(ec2_type(name)) is not None
