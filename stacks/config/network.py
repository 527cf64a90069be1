"""The EKS cluster's network, and access to its API server."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, Tag, field_validator

from components.aws.addresses import SERVICE_CIDR
from components.aws.offers import InterfaceService
from components.declared import chosen_by
from stacks.config.section import Section

PRIVATE = [IPv4Network(known) for known in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]

NOT_PUBLIC = [*PRIVATE, *(IPv4Network(known) for known in ("0.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3"))]
"""Private and shared addresses, the machine's own, and multicast: none of them is a caller's address on the internet."""

MAX_CALLERS = 40
"""EKS's quota "Public endpoint access CIDR ranges per cluster" (L-93A74D60), which AWS raises for nobody."""

LogDays = Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]
"""Retention periods that CloudWatch offers (pulumi_aws.cloudwatch.LogGroup, retention_in_days)."""


def _network(value: str) -> IPv4Network:
    try:
        return IPv4Network(value)
    except ValueError as error:
        raise ValueError(f'"{value}" is not a range of IPv4 addresses: {error}') from None


def _vpc_range(value: str) -> str:
    network = _network(value)
    if not any(network.subnet_of(private) for private in PRIVATE) or not 16 <= network.prefixlen <= 20:
        raise ValueError(f'"{value}" is not allowed: private addresses, between /16 and /20, for example 10.0.0.0/16')
    if network.overlaps(IPv4Network(SERVICE_CIDR)):
        raise ValueError(f'"{value}" overlaps {SERVICE_CIDR}, the range of Kubernetes Services')
    return value


def _caller_range(value: str) -> str:
    """Return the range as EKS lists it: one address is a range of /32."""
    network = _network(value)
    if network.prefixlen < 8:
        raise ValueError(f'"{value}" is the internet, or half of it; name the addresses that may call the API server')
    if any(network.subnet_of(known) for known in NOT_PUBLIC):
        raise ValueError(
            f'"{value}" is not public: EKS sees callers from outside the network by their public address, '
            "and callers inside it need no entry; write the public address of your NAT or VPN"
        )
    return str(network)


class ManagedNetworkConfig(Section):
    """A new network that the program owns."""

    kind: Literal["managed"] = Field("managed", description="A new VPC with subnets in every zone.")
    cidr: Annotated[str, AfterValidator(_vpc_range)] = Field("10.0.0.0/16", description="Its address range: private, between /16 and /20.")
    nat: Literal["single", "per-zone"] = Field("single", description="One NAT gateway, or one per zone, which survives the loss of a zone.")
    endpoints: list[InterfaceService] = Field(
        default_factory=list, description="AWS services with endpoints in the network: an hourly fee instead of NAT."
    )
    flow_log_retention_days: LogDays = Field(30, description="Retention of the log of network connections.")


class ExistingNetworkConfig(Section):
    """A network that the program does not own."""

    kind: Literal["existing"] = Field(description="An existing VPC; the program owns only the cluster in it.")
    vpc_id: Annotated[str, Field(pattern=r"^vpc-[0-9a-f]+$")] = Field(description="Its id.")
    private_subnet_ids: Annotated[list[Annotated[str, Field(pattern=r"^subnet-[0-9a-f]+$")]], Field(min_length=2)] = Field(
        description="Subnets of nodes and pods: one in each of cluster.zones, with access to AWS by NAT or endpoints."
    )


NetworkConfig = Annotated[
    Annotated[ManagedNetworkConfig, Tag("managed")] | Annotated[ExistingNetworkConfig, Tag("existing")],
    chosen_by("kind", "managed", "existing", default="managed"),
]


class EndpointConfig(Section):
    """The API server's address."""

    public_cidrs: Annotated[list[Annotated[str, AfterValidator(_caller_range)]], Field(max_length=MAX_CALLERS)] = Field(
        default_factory=list, description="Public addresses, or ranges of them, with access from outside the network. Default: none."
    )

    @field_validator("public_cidrs")
    @classmethod
    def _apart(cls, ranges: list[str]) -> list[str]:
        for index, value in enumerate(ranges):
            for other in ranges[:index]:
                if IPv4Network(value).overlaps(IPv4Network(other)):
                    raise ValueError(
                        f'"{value}" is twice in it' if value == other else f'"{value}" and "{other}" overlap; keep the wider one'
                    )
        return ranges
