"""The cluster's network: a new one, or an existing one by its ids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pulumi
from pulumi_aws import ec2
from pydantic import Field

from components.aws.addresses import MAX_ZONES, Addresses, share_out
from components.aws.endpoints import Endpoints, EndpointsArgs
from components.aws.flow_logs import FlowLogs, FlowLogsArgs
from components.aws.offers import InterfaceService
from components.base import Args, Component

ANYWHERE = "0.0.0.0/0"
"""Used only as the destination of default routes."""


class ExistingNetwork(Args):
    """A network that this program does not own. Its private subnets lie in at least two zones and reach AWS by NAT or endpoints."""

    vpc_id: str
    private_subnet_ids: list[str] = Field(min_length=2)


class NetworkArgs(Args):
    """`name`: the cluster's. `nat`: one gateway saves money, one per zone survives the loss of a zone."""

    name: str
    region: str
    cidr: str
    zones: list[str] = Field(min_length=2, max_length=MAX_ZONES)
    nat: Literal["single", "per-zone"] = "single"
    endpoints: list[InterfaceService] = Field(default_factory=list)
    flow_log_retention_days: int = 30


class Network(Component):
    """Owns a VPC with public and private subnets in every zone, NAT, endpoints and flow logs.

    Ready when private subnets reach the internet. Nodes and pods use the private subnets; the public ones contain only NAT gateways,
    and public load balancers if there are any.
    """

    vpc_id: pulumi.Output[str]
    private_subnet_ids: list[pulumi.Output[str]]

    def __init__(
        self,
        name: str,
        args: NetworkArgs,
        opts: pulumi.ResourceOptions | None = None,
        after: Sequence[pulumi.Resource | None] = (),
    ) -> None:
        super().__init__(name, opts, after)
        addresses = share_out(args.cidr, args.zones)
        vpc = ec2.Vpc(
            name,
            cidr_block=args.cidr,
            # Nodes resolve the names of the private API endpoint and the interface endpoints; both settings are required for that.
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags={"Name": args.name},
            opts=self.child(),
        )
        # The default security group without rules: a resource that gets it by mistake has no connections.
        ec2.DefaultSecurityGroup(f"{name}-default", vpc_id=vpc.id, tags={"Name": f"{args.name}-default"}, opts=self.child())
        gateways = self._nat_gateways(args, self._public_subnets(args, vpc, addresses))
        private = self._private_subnets(args, vpc, addresses)
        tables = {zone: self._private_route_table(args, vpc, zone, subnet, gateways) for zone, subnet in private.items()}
        self.vpc_id = vpc.id
        self.private_subnet_ids = [subnet.id for subnet in private.values()]
        Endpoints(
            f"{name}-endpoints",
            EndpointsArgs(
                name=args.name,
                region=args.region,
                vpc_id=vpc.id,
                cidr=args.cidr,
                subnet_ids=self.private_subnet_ids,
                route_table_ids=[table.id for table in tables.values()],
                services=args.endpoints,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        FlowLogs(
            f"{name}-flow-logs",
            FlowLogsArgs(name=args.name, region=args.region, vpc_id=vpc.id, retention_days=args.flow_log_retention_days),
            pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"vpc_id": self.vpc_id, "private_subnet_ids": self.private_subnet_ids})

    def _public_subnets(self, args: NetworkArgs, vpc: ec2.Vpc, addresses: Addresses) -> dict[str, ec2.Subnet]:
        internet = ec2.InternetGateway("internet", vpc_id=vpc.id, tags={"Name": args.name}, opts=self.child())
        table = ec2.RouteTable("public", vpc_id=vpc.id, tags={"Name": f"{args.name}-public"}, opts=self.child())
        route = ec2.Route(
            "public-internet", route_table_id=table.id, destination_cidr_block=ANYWHERE, gateway_id=internet.id, opts=self.child()
        )
        subnets = {}
        for zone, cidr in addresses.public.items():
            subnets[zone] = ec2.Subnet(
                f"public-{zone}",
                vpc_id=vpc.id,
                availability_zone=zone,
                cidr_block=cidr,
                map_public_ip_on_launch=False,
                # Load balancers find their subnets by these tags: https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html
                tags={"Name": f"{args.name}-public-{zone}", "kubernetes.io/role/elb": "1"},
                # AWS releases a gateway's public address only after the gateway is deleted, so the internet gateway goes last.
                opts=self.child([route]),
            )
            ec2.RouteTableAssociation(f"public-{zone}", subnet_id=subnets[zone].id, route_table_id=table.id, opts=self.child())
        return subnets

    def _nat_gateways(self, args: NetworkArgs, public: dict[str, ec2.Subnet]) -> dict[str, ec2.NatGateway]:
        """NAT gateways by zone; the first zone always has one."""
        gateways = {}
        for zone in args.zones if args.nat == "per-zone" else args.zones[:1]:
            tags = {"Name": f"{args.name}-{zone}"}
            address = ec2.Eip(f"nat-{zone}", domain="vpc", tags=tags, opts=self.child([public[zone]]))
            gateways[zone] = ec2.NatGateway(
                f"nat-{zone}", allocation_id=address.allocation_id, subnet_id=public[zone].id, tags=tags, opts=self.child()
            )
        return gateways

    def _private_subnets(self, args: NetworkArgs, vpc: ec2.Vpc, addresses: Addresses) -> dict[str, ec2.Subnet]:
        return {
            zone: ec2.Subnet(
                f"private-{zone}",
                vpc_id=vpc.id,
                availability_zone=zone,
                cidr_block=cidr,
                tags={"Name": f"{args.name}-private-{zone}", "kubernetes.io/role/internal-elb": "1"},
                opts=self.child(),
            )
            for zone, cidr in addresses.private.items()
        }

    def _private_route_table(
        self, args: NetworkArgs, vpc: ec2.Vpc, zone: str, subnet: ec2.Subnet, gateways: dict[str, ec2.NatGateway]
    ) -> ec2.RouteTable:
        gateway = gateways.get(zone, gateways[args.zones[0]])
        table = ec2.RouteTable(f"private-{zone}", vpc_id=vpc.id, tags={"Name": f"{args.name}-private-{zone}"}, opts=self.child())
        ec2.Route(
            f"private-{zone}-nat",
            route_table_id=table.id,
            destination_cidr_block=ANYWHERE,
            nat_gateway_id=gateway.id,
            opts=self.child(),
        )
        ec2.RouteTableAssociation(f"private-{zone}", subnet_id=subnet.id, route_table_id=table.id, opts=self.child())
        return table
