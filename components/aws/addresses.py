"""Division of a network's IPv4 addresses into subnets. Plain arithmetic, known before anything is created."""

from __future__ import annotations

from ipaddress import IPv4Network

from components.base import Args

SERVICE_CIDR = "172.20.0.0/16"
"""Address range of Kubernetes Services. It is fixed, so that an overlapping network is refused before anything is created."""

MAX_ZONES = 3
"""Three quarters of the network are private subnets, one per zone; the public subnets share the last quarter."""


class Addresses(Args):
    """Subnets by zone. A /16 gives private /18 subnets with 16,379 usable addresses each and public /20 subnets with 4,091 each."""

    private: dict[str, str]
    public: dict[str, str]


def share_out(network: str, zones: list[str]) -> Addresses:
    """Divide `network` among `zones`. New zones must go at the end of the list: another order moves addresses, which replaces subnets.

    Private subnets are large because every pod has an address there, given to nodes in blocks of 16 (prefix delegation).
    Raises ValueError for more zones than MAX_ZONES.
    """
    if len(zones) > MAX_ZONES:
        raise ValueError(f"{len(zones)} zones; there is room for {MAX_ZONES}")
    *private, last = IPv4Network(network).subnets(prefixlen_diff=2)
    public = last.subnets(prefixlen_diff=2)
    return Addresses(
        private={zone: str(subnet) for zone, subnet in zip(zones, private, strict=False)},
        public={zone: str(subnet) for zone, subnet in zip(zones, public, strict=False)},
    )
