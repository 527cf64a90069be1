"""Every EC2 instance type, and which of them can be a node for the platform's own pods. GPU nodes: instance_types.py."""

from __future__ import annotations

import difflib
import functools
from pathlib import Path
from typing import NamedTuple

LIST = Path(__file__).with_name("ec2-types.txt")
"""Its first line has source and date; `python -m scripts.cloud.aws_lists` writes it."""

ARCHITECTURE = "x86_64"
"""Architecture of the machine images that node pools use (node_pool.AmiType)."""

SYSTEM_VCPUS = 2
SYSTEM_MEMORY_GIB = 8
"""Smallest system node: Prometheus and a replica on CPUs request 2 GiB each, beside the daemons and one controller after another."""

EXAMPLE = "m7i.xlarge"

UNFIT = {
    "gpu": "has GPUs that the image of system nodes cannot use; GPU nodes belong into gpu.instanceTypes",
    "accelerator": "has accelerators, which cost money and serve no system pod",
    "xen": "is of a generation without prefix delegation, which gives nodes their pods' addresses",
}
"""Reasons by trait. Prefix delegation needs Nitro (docs.aws.amazon.com/eks/latest/userguide/cni-increase-ip-addresses.html)."""


class Ec2Type(NamedTuple):
    architecture: str
    vcpus: int
    memory_gib: float
    traits: tuple[str, ...]


@functools.cache
def ec2_types() -> dict[str, Ec2Type]:
    rows = [line.split() for line in LIST.read_text().splitlines() if line and not line.startswith("#")]
    return {name: Ec2Type(architecture, int(vcpus), float(memory), tuple(traits)) for name, architecture, vcpus, memory, *traits in rows}


def unfit(name: str) -> str:
    """Reason for which an instance type cannot be a system node; empty if it can."""
    found = ec2_types().get(name)
    if found is None:
        return "is not an EC2 instance type"
    if found.architecture != ARCHITECTURE:
        return f"has {found.architecture} processors, and the image of nodes is for {ARCHITECTURE}"
    if found.traits:
        return UNFIT[found.traits[0]]
    if found.vcpus < SYSTEM_VCPUS or found.memory_gib < SYSTEM_MEMORY_GIB:
        least = f"a system node needs {SYSTEM_VCPUS} vCPUs and {SYSTEM_MEMORY_GIB} GiB at least"
        return f"is too small with {found.vcpus} vCPUs and {found.memory_gib:g} GiB: {least}"
    return ""


def system_type(name: str) -> str:
    """Return `name`. Raises ValueError with the reason and a similar type if it cannot be a system node."""
    if reason := unfit(name):
        raise ValueError(f'"{name}" {reason}; {_instead(name)}')
    return name


def _instead(name: str) -> str:
    """The smallest of the same family, the nearest of the same shape, or the nearest by its name, whichever comes first."""
    usable = {each: found for each, found in ec2_types().items() if not unfit(each)}
    family = [each for each in usable if each.partition(".")[0] == name.partition(".")[0]]
    wanted = ec2_types().get(name)
    if wanted and {"gpu", "accelerator"} & set(wanted.traits):
        return f"choose for example {EXAMPLE}"
    if wanted and family:
        return f"did you mean {min(family, key=lambda each: (usable[each].memory_gib, usable[each].vcpus, each))}?"
    alike = [each for each, found in usable.items() if wanted and each[0] == name[0] and found[1:3] == wanted[1:3]]
    near = difflib.get_close_matches(name, alike or usable, n=1)
    return f"did you mean {near[0]}?" if near else f"choose for example {EXAMPLE}"
