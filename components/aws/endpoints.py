"""Private endpoints of AWS services in the network."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_aws import ec2, vpc

from components.aws.offers import InterfaceService
from components.base import Args, Component


class EndpointsArgs(Args):
    """A service without an interface endpoint is reached through NAT. NAT costs per byte, an endpoint per zone and hour."""

    name: str
    region: str
    vpc_id: pulumi.Output[str]
    cidr: str
    subnet_ids: list[pulumi.Output[str]]
    route_table_ids: list[pulumi.Output[str]]
    services: list[InterfaceService]


class Endpoints(Component):
    """Owns the gateway endpoint of S3, the interface endpoints and their security group. Ready when the services' names resolve to them."""

    def __init__(
        self,
        name: str,
        args: EndpointsArgs,
        opts: pulumi.ResourceOptions | None = None,
        after: Sequence[pulumi.Resource | None] = (),
    ) -> None:
        super().__init__(name, opts, after)
        # It is free, and image layers and model weights pass through it.
        ec2.VpcEndpoint(
            f"{name}-s3",
            vpc_id=args.vpc_id,
            service_name=f"com.amazonaws.{args.region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=args.route_table_ids,
            tags={"Name": f"{args.name}-s3"},
            opts=self.child(),
        )
        if args.services:
            self._interfaces(name, args)
        self.register_outputs({})

    def _interfaces(self, name: str, args: EndpointsArgs) -> None:
        group = ec2.SecurityGroup(
            name,
            name=f"{args.name}-endpoints",
            description="HTTPS from the network to the AWS services that have an endpoint in it",
            vpc_id=args.vpc_id,
            tags={"Name": f"{args.name}-endpoints"},
            opts=self.child(),
        )
        vpc.SecurityGroupIngressRule(
            f"{name}-https",
            security_group_id=group.id,
            description="HTTPS from the network",
            cidr_ipv4=args.cidr,
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            opts=self.child(),
        )
        for service in args.services:
            ec2.VpcEndpoint(
                f"{name}-{service.replace('.', '-')}",
                vpc_id=args.vpc_id,
                service_name=f"com.amazonaws.{args.region}.{service}",
                vpc_endpoint_type="Interface",
                private_dns_enabled=True,
                subnet_ids=args.subnet_ids,
                security_group_ids=[group.id],
                tags={"Name": f"{args.name}-{service}"},
                opts=self.child(),
            )
