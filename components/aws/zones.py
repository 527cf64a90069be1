"""Availability zones in which EKS places no control plane (docs.aws.amazon.com/eks/latest/userguide/network-reqs.html, read 2026-11-30)."""

from __future__ import annotations

NOT_SERVED = frozenset({"use1-az3", "usw1-az2", "cac1-az3"})
"""Ids, each of which is the same zone in every account. A zone's name is not: which zone is `us-east-1e` is the account's own."""

NOT_SERVED_NAMES = {"us-east-1e": ("us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d", "us-east-1f")}
"""Name → the zones to use: use1-az3 has this name in most accounts (eksctl#817, pulumi-eks#1401)."""


def served(zone: str) -> str:
    """Return `zone`. Raises ValueError with the zones to use if EKS is known to refuse the zone of this name."""
    if others := NOT_SERVED_NAMES.get(zone):
        raise ValueError(f'EKS places no control plane in "{zone}" (zone id use1-az3); choose from {", ".join(others)}')
    return zone
