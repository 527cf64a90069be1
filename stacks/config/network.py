"""The network that a cluster of ours lives in, and who reaches its API server."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, Tag

from components.aws.addresses import SERVICE_CIDR
from components.aws.offers import InterfaceService
from components.declared import chosen_by
from stacks.config.section import Section

PRIVATE = [IPv4Network(known) for known in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]

LogDays = Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]
"""What CloudWatch offers (pulumi_aws.cloudwatch.LogGroup, retention_in_days)."""


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
        raise ValueError(f'"{value}" overlaps {SERVICE_CIDR}, which Kubernetes Services have')
    return value


def _caller_range(value: str) -> str:
    if _network(value).prefixlen < 8:
        raise ValueError(f'"{value}" is the internet, or half of it; name the addresses that may call the API server')
    return value


class ManagedNetworkConfig(Section):
    """A network of our own."""

    kind: Literal["managed"] = Field("managed", description="A VPC of our own, with subnets in every zone.")
    cidr: Annotated[str, AfterValidator(_vpc_range)] = Field("10.0.0.0/16", description="Its addresses: private, between /16 and /20.")
    nat: Literal["single", "per-zone"] = Field("single", description="One NAT gateway, or one in every zone: survives the loss of a zone.")
    endpoints: list[InterfaceService] = Field(default_factory=list, description="AWS services reached without NAT, for a fee by the hour.")
    flow_log_retention_days: LogDays = Field(30, description="How long it is known who talked to whom.")


class ExistingNetworkConfig(Section):
    """A network of somebody else's."""

    kind: Literal["existing"] = Field(description="A VPC that exists; nothing in it is ours but the cluster.")
    vpc_id: Annotated[str, Field(pattern=r"^vpc-[0-9a-f]+$")] = Field(description="Its id.")
    private_subnet_ids: Annotated[list[Annotated[str, Field(pattern=r"^subnet-[0-9a-f]+$")]], Field(min_length=2)] = Field(
        description="Where nodes and pods live: one in each of cluster.zones, with a way to AWS by NAT or endpoints."
    )


NetworkConfig = Annotated[
    Annotated[ManagedNetworkConfig, Tag("managed")] | Annotated[ExistingNetworkConfig, Tag("existing")],
    chosen_by("kind", "managed", "existing"),
]


class EndpointConfig(Section):
    """The API server's address."""

    public_cidrs: list[Annotated[str, AfterValidator(_caller_range)]] = Field(
        default_factory=list, description="Who reaches it from outside the network. Left out: nobody."
    )
