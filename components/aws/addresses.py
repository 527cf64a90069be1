"""How a network's IPv4 addresses are shared out. Plain arithmetic, known before anything is created."""

from __future__ import annotations

from ipaddress import IPv4Network

from components.base import Args

SERVICE_CIDR = "172.20.0.0/16"
"""Of Kubernetes Services; fixed, so that a network which would overlap is refused before anything is made."""

MAX_ZONES = 3
"""Three quarters of the network are private subnets, one for each zone; the public ones share the last quarter."""


class Addresses(Args):
    """Subnets by zone. Of a /16: private /18 with 16,379 usable addresses each, public /20 with 4,091 each."""

    private: dict[str, str]
    public: dict[str, str]


def share_out(network: str, zones: list[str]) -> Addresses:
    """Zones may be added at the end of the list; any other change of their order moves addresses, which replaces subnets.

    Private subnets are large because every pod has an address there, handed to nodes in blocks of 16 (prefix delegation).
    Raises ValueError for more zones than there is room for.
    """
    if len(zones) > MAX_ZONES:
        raise ValueError(f"{len(zones)} zones; there is room for {MAX_ZONES}")
    *private, last = IPv4Network(network).subnets(prefixlen_diff=2)
    public = last.subnets(prefixlen_diff=2)
    return Addresses(
        private={zone: str(subnet) for zone, subnet in zip(zones, private, strict=False)},
        public={zone: str(subnet) for zone, subnet in zip(zones, public, strict=False)},
    )
