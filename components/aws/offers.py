"""What of AWS a stack chooses from by name."""

from __future__ import annotations

from typing import Literal

Capacity = Literal["on-demand", "spot"]

InterfaceService = Literal["ecr.api", "ecr.dkr", "sts", "eks", "eks-auth", "logs", "ec2", "autoscaling"]
"""What nodes, add-ons and the autoscaler call. `eks-auth` is where Pod Identity's agent fetches credentials."""

MIN_GPU_DISK_GIB = 100
"""Images of model servers fill the 20 GiB of a usual node at once."""
