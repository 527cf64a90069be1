"""Limits that the service models do not have: what AWS, or the provider before it, refuses by the value alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from ipaddress import IPv4Network, ip_network

from bench.plugins.aws import managed_policies
from bench.plugins.aws.check import Leaf, Problem

Value = str | float | bool
Limit = Callable[[Value], str]
"""Reason for which AWS refuses a value; empty if it accepts it."""

_PRIVATE = [IPv4Network(known) for known in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]
_RETENTION = (0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
"""Days that CloudWatch offers; 0: for ever (pulumi_aws.cloudwatch.LogGroup)."""

_ACCESS_ENTRY_TYPES = ("STANDARD", "FARGATE_LINUX", "EC2_LINUX", "EC2_WINDOWS", "EC2", "HYBRID_LINUX", "HYPERPOD_LINUX")
"""docs.aws.amazon.com/eks/latest/APIReference/API_CreateAccessEntry.html"""


def problems(token: str, leaf: Leaf) -> Iterator[Problem]:
    limits = [LIMITS[token, leaf.wire]] if (token, leaf.wire) in LIMITS else []
    if _CIDR_ARGUMENT.search(leaf.wire):
        limits.insert(0, _cidr)
    for limit in limits:
        if reason := limit(leaf.value):
            yield Problem(leaf.path, f"{leaf.shown} {reason}")
            return


def _cidr(value: Value) -> str:
    try:
        ip_network(str(value))
    except ValueError as error:
        return f"is not a CIDR block: {error}"
    return ""


def _prefix(shortest: int, longest: int) -> Limit:
    def limit(value: Value) -> str:
        length = ip_network(str(value)).prefixlen
        return "" if shortest <= length <= longest else f"is not between /{shortest} and /{longest}"

    return limit


def _service_range(value: Value) -> str:
    network = ip_network(str(value))
    if not any(isinstance(network, IPv4Network) and network.subnet_of(private) for private in _PRIVATE):
        return "is not private: 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16"
    return _prefix(12, 24)(value)


def _between(least: float, most: float) -> Limit:
    return lambda value: "" if least <= float(value) <= most else f"is not between {least:.10g} and {most:.10g}"


def _one_of(*allowed: Value) -> Limit:
    return lambda value: "" if value in allowed else f"is not one of: {', '.join(f'{each}' for each in allowed)}"


def _like(pattern: str, form: str) -> Limit:
    return lambda value: "" if re.fullmatch(pattern, str(value)) else f"is not {form}"


def _at_most(characters: int) -> Limit:
    return lambda value: "" if len(str(value)) <= characters else f"has {len(str(value))} characters, at most {characters} allowed"


def _policy(value: Value) -> str:
    reason = managed_policies.missing(str(value))
    return f"does not exist: {reason}" if reason else ""


_CIDR_ARGUMENT = re.compile(r"(^|\.)((destination)?[cC]idr(Block|Ipv4|Blocks\[\])|publicAccessCidrs\[\]|serviceIpv4Cidr)$")
_ZONE = _like(r"[a-z]{2}(-[a-z]+)+-\d[a-z]", "a zone, such as eu-central-1a")
_PORT = _between(-1, 65535)

LIMITS: Mapping[tuple[str, str], Limit] = {
    ("aws:cloudwatch/logGroup:LogGroup", "retentionInDays"): _one_of(*_RETENTION),
    ("aws:ec2/flowLog:FlowLog", "maxAggregationInterval"): _one_of(60, 600),
    ("aws:ec2/launchTemplate:LaunchTemplate", "blockDeviceMappings[].ebs.volumeSize"): _between(1, 65536),
    ("aws:ec2/launchTemplate:LaunchTemplate", "metadataOptions.httpPutResponseHopLimit"): _between(1, 64),
    ("aws:ec2/subnet:Subnet", "availabilityZone"): _ZONE,
    ("aws:ec2/subnet:Subnet", "cidrBlock"): _prefix(16, 28),
    ("aws:ec2/vpc:Vpc", "cidrBlock"): _prefix(16, 28),
    ("aws:ec2/vpcEndpoint:VpcEndpoint", "serviceName"): _like(r"(cn\.)?com\.amazonaws\.[a-z0-9.-]+|aws\.[a-z0-9.-]+", "a service's name"),
    ("aws:eks/accessEntry:AccessEntry", "type"): _one_of(*_ACCESS_ENTRY_TYPES),
    ("aws:eks/accessPolicyAssociation:AccessPolicyAssociation", "policyArn"): _like(
        r"arn:aws[a-z-]*:eks::aws:cluster-access-policy/\w+", "an access policy of EKS (arn:aws:eks::aws:cluster-access-policy/NAME)"
    ),
    ("aws:eks/addon:Addon", "addonVersion"): _like(r"v\d+\.\d+\.\d+-eksbuild\.\d+", "a version of an add-on, such as v1.13.2-eksbuild.21"),
    ("aws:eks/cluster:Cluster", "kubernetesNetworkConfig.serviceIpv4Cidr"): _service_range,
    ("aws:eks/cluster:Cluster", "version"): _like(r"1\.\d+", "a minor version, such as 1.35"),
    ("aws:eks/nodeGroup:NodeGroup", "nodeGroupNamePrefix"): _at_most(37),
    ("aws:eks/nodeGroup:NodeGroup", "nodeGroupName"): _at_most(63),
    ("aws:eks/nodeGroup:NodeGroup", "releaseVersion"): _like(r"1\.\d+\.\d+-\d{8}", "a version of an image, such as 1.35.7-20260911"),
    ("aws:iam/role:Role", "managedPolicyArns[]"): _policy,
    ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "policyArn"): _policy,
    ("aws:kms/alias:Alias", "name"): _like(r"alias/(?!aws/).+", "an alias: alias/NAME, and alias/aws/ is AWS's own"),
    ("aws:kms/key:Key", "deletionWindowInDays"): _between(7, 30),
    ("aws:kms/key:Key", "rotationPeriodInDays"): _between(90, 2560),
    ("aws:s3/bucket:Bucket", "bucket"): _like(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "a bucket's name: 3 to 63 of a-z, 0-9, . and -"),
    ("aws:s3/bucketVersioning:BucketVersioning", "versioningConfiguration.status"): _one_of("Enabled", "Suspended", "Disabled"),
    ("aws:sagemaker/endpointConfiguration:EndpointConfiguration", "productionVariants[].serverlessConfig.memorySizeInMb"): _one_of(
        1024, 2048, 3072, 4096, 5120, 6144
    ),
    ("aws:sagemaker/model:Model", "primaryContainer.image"): _like(
        r"(?!.*:[^/@]+@).+", "an image with a tag or a digest: SageMaker takes one of the two"
    ),
    ("aws:sqs/queue:Queue", "messageRetentionSeconds"): _between(60, 1209600),
    ("aws:sqs/queue:Queue", "name"): _like(
        r"[A-Za-z0-9_-]{1,80}|[A-Za-z0-9_-]{1,75}\.fifo", "a queue's name: 1 to 80 letters, digits, - and _"
    ),
    ("aws:sqs/queue:Queue", "visibilityTimeoutSeconds"): _between(0, 43200),
    ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "fromPort"): _PORT,
    ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "toPort"): _PORT,
}
"""Limits by type token and argument. Sources: the provider's documentation of each argument (pulumi_aws), and the services' own."""
