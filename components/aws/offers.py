"""Names of AWS services and limits from which a stack chooses."""

from __future__ import annotations

from typing import Literal

Capacity = Literal["on-demand", "spot"]
KarpenterCapacity = Literal["reserved", "spot", "on-demand"]
"""Values of the label `karpenter.sh/capacity-type`."""

InterfaceService = Literal["ecr.api", "ecr.dkr", "sts", "eks", "eks-auth", "logs", "ec2", "autoscaling"]
"""Services that nodes, add-ons and the autoscaler call. Pod Identity's agent fetches credentials from `eks-auth`."""

MIN_GPU_DISK_GIB = 100
"""GiB. Images of model servers would fill a usual node disk of 20 GiB at once."""
