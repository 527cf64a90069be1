"""The network, its logs, and the owner tags of all resources."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from policies.rules.resource import Resource, value_at
from policies.rules.rule import Rule, StackRule
from policies.settings import Settings

PROVIDER = "pulumi:providers:aws"
VPC = "aws:ec2/vpc:Vpc"
FLOW_LOG = "aws:ec2/flowLog:FlowLog"
INGRESS_RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
OLD_RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
GROUPS = ("aws:ec2/securityGroup:SecurityGroup", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
ANYWHERE = frozenset({"0.0.0.0/0", "::/0"})
REQUIRED_TAGS = ("environment", "owner", "cost-center", "managed-by")


def _ingress(resource: Resource, _settings: Settings) -> Iterator[str]:
    if resource.type == OLD_RULE and resource.get("type") == "egress":
        return
    for place, cidrs in _sources(resource):
        for cidr in ANYWHERE.intersection(cidrs):
            yield f"{place} lets {cidr} in"


def _sources(resource: Resource) -> Iterator[tuple[str, list[str]]]:
    if resource.type == INGRESS_RULE:
        for key in ("cidrIpv4", "cidrIpv6"):
            yield key, [resource.get(key, "")]
    elif resource.type == OLD_RULE:
        for key in ("cidrBlocks", "ipv6CidrBlocks"):
            yield key, list(resource.get(key, []))
    else:
        for index, rule in enumerate(resource.get("ingress", [])):
            for key in ("cidrBlocks", "ipv6CidrBlocks"):
                yield f"ingress[{index}].{key}", list(value_at(rule, key, []))


def _no_public_addresses(subnet: Resource, _settings: Settings) -> Iterator[str]:
    if subnet.get("mapPublicIpOnLaunch", False) is not False:
        yield "mapPublicIpOnLaunch gives whatever starts in it a public address"


def _flow_logs(resources: Sequence[Resource], _settings: Settings) -> Iterator[tuple[str, Resource | None]]:
    # Only `pulumi up` knows which network a log belongs to, so the rule compares the numbers of logs and networks.
    logs = [resource for resource in resources if resource.type == FLOW_LOG and "vpcId" in resource.props]
    networks = [resource for resource in resources if resource.type == VPC]
    for network in networks[len(logs) :]:
        yield "has no flow log", network
    for log in logs:
        if (kind := log.get("trafficType")) != "ALL":
            yield f"trafficType is {kind}: either the accepted or the rejected traffic is missing", log


def _logs_expire(group: Resource, _settings: Settings) -> Iterator[str]:
    if not group.get("retentionInDays", 0):
        yield "retentionInDays is missing: logs are kept, and paid for, for ever"


def _default_tags(providers: Sequence[Resource], _settings: Settings) -> Iterator[tuple[str, Resource | None]]:
    for provider in providers:
        tags = value_at(_decoded(provider.get("defaultTags", {})), "tags", {})
        if missing := [key for key in REQUIRED_TAGS if not tags.get(key)]:
            yield f"defaultTags lacks {', '.join(missing)}: the bill does not show the owner", provider


def _decoded(value: Any) -> Mapping[str, Any]:  # noqa: ANN401 - Pulumi passes a provider's objects as JSON
    decoded: Mapping[str, Any] = json.loads(value) if isinstance(value, str) else value
    return decoded


RULES: tuple[Rule | StackRule, ...] = (
    Rule(
        name="no-ingress-from-anywhere",
        title="No security group lets the whole internet in",
        why="The platform offers nothing to the internet through a security group, so one that admits it is a mistake.",
        fix="Name the network's own CIDR, or a security group.",
        severity="critical",
        types=(INGRESS_RULE, OLD_RULE, *GROUPS),
        check=_ingress,
    ),
    Rule(
        name="no-public-addresses",
        title="No instance gets a public address when it starts",
        why="One wrong rule makes a node with a public address reachable.",
        fix="Network sets map_public_ip_on_launch to False; keep it.",
        severity="high",
        types=("aws:ec2/subnet:Subnet",),
        check=_no_public_addresses,
    ),
    StackRule(
        name="vpc-flow-logs",
        title="Every network of the platform logs its connections",
        why="After an incident, this is the only record of the data's destinations.",
        fix="Network creates FlowLogs with traffic_type ALL; keep it.",
        severity="high",
        types=(VPC, FLOW_LOG),
        check=_flow_logs,
    ),
    Rule(
        name="log-groups-expire",
        title="Every log group has a retention",
        why="CloudWatch keeps logs for ever by default.",
        fix="Pass retention_in_days from the stack's configuration.",
        severity="medium",
        types=("aws:cloudwatch/logGroup:LogGroup",),
        check=_logs_expire,
    ),
    StackRule(
        name="aws-default-tags",
        title="Every AWS resource has owner tags",
        why="Without an owner and a cost centre, no one is responsible for leftovers, and no one sees a stack's cost.",
        fix="stacks/eks.py passes default_tags to the provider: environment, owner, cost-center, managed-by.",
        severity="medium",
        types=(PROVIDER,),
        check=_default_tags,
    ),
)
