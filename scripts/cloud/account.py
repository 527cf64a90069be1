"""Checks of an AWS account against what a stack wants from it: identity, region, zones, GPU types and their quota, the API endpoint."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from scripts.cloud.aws import Aws, AwsError
from scripts.cloud.finding import Finding
from stacks.config.cluster import EksClusterConfig, GpuConfig

QUOTAS = {("g", "on-demand"): "L-DB2E81BA", ("g", "spot"): "L-3819A6DF", ("p", "on-demand"): "L-417A185B", ("p", "spot"): "L-7212CCBC"}
"""EC2 quotas in vCPUs, by instance family and capacity; new accounts have 0 of each (`aws service-quotas list-service-quotas`)."""

CONNECT_SECONDS = 5

Check = Callable[[], Finding]


def checks(aws: Aws, cluster: EksClusterConfig, gpu: GpuConfig) -> Iterator[tuple[str, Check]]:
    """Each check with its name, in the order in which one would mend what is missing."""
    yield "identity", lambda: _identity(aws, cluster)
    yield "region", lambda: _region(aws)
    yield "zones", lambda: _zones(aws, cluster)
    if gpu.mode == "managed":
        yield "GPU types", lambda: _offered(aws, cluster, gpu)
        yield "GPU quota", lambda: _quota(aws, gpu)
    yield "endpoint", lambda: _endpoint(aws, cluster)


def _identity(aws: Aws, cluster: EksClusterConfig) -> Finding:
    try:
        caller = aws("sts", "get-caller-identity")
    except AwsError as error:
        return Finding("identity", str(error), "log in, for example with `aws sso login`, or set AWS_PROFILE")
    if cluster.account and caller["Account"] != cluster.account:
        remedy = f"use credentials of account {cluster.account}, or correct cluster.account"
        return Finding("identity", f"{caller['Arn']} is of another account", remedy)
    return Finding("identity", caller["Arn"])


def _region(aws: Aws) -> Finding:
    (region,) = aws("ec2", "describe-regions", "--all-regions", "--region-names", aws.region)["Regions"]
    if region["OptInStatus"] == "not-opted-in":
        return Finding("region", f"{aws.region} is not enabled", f"aws account enable-region --region-name {aws.region}")
    return Finding("region", aws.region)


def _zones(aws: Aws, cluster: EksClusterConfig) -> Finding:
    found = {zone["ZoneName"] for zone in aws("ec2", "describe-availability-zones")["AvailabilityZones"] if zone["State"] == "available"}
    if unknown := [zone for zone in cluster.zones if zone not in found]:
        return Finding("zones", f"not available: {', '.join(unknown)}", f"choose cluster.zones from: {', '.join(sorted(found))}")
    return Finding("zones", ", ".join(cluster.zones))


def _offered(aws: Aws, cluster: EksClusterConfig, gpu: GpuConfig) -> Finding:
    wanted = f"Name=instance-type,Values={','.join(gpu.instance_types)}"
    answer = aws("ec2", "describe-instance-type-offerings", "--location-type", "availability-zone", "--filters", wanted)
    offers = {(offer["InstanceType"], offer["Location"]) for offer in answer["InstanceTypeOfferings"]}
    zones = [zone for zone in cluster.zones if any((kind, zone) in offers for kind in gpu.instance_types)]
    names = ", ".join(gpu.instance_types)
    if not zones:
        return Finding("GPU types", f"no zone of the stack offers {names}", "choose other gpu.instanceTypes, cluster.zones or a region")
    return Finding("GPU types", f"{names} in {', '.join(zones)}")


def _quota(aws: Aws, gpu: GpuConfig) -> Finding:
    """Enough vCPUs for the pool at its largest, of the largest type it may use."""
    described = aws("ec2", "describe-instance-types", "--instance-types", *gpu.instance_types)["InstanceTypes"]
    largest = max(described, key=lambda kind: kind["VCpuInfo"]["DefaultVCpus"])
    wanted = gpu.nodes.max * largest["VCpuInfo"]["DefaultVCpus"]
    code = QUOTAS[largest["InstanceType"][0], gpu.capacity]
    found = int(aws("service-quotas", "get-service-quota", "--service-code", "ec2", "--quota-code", code)["Quota"]["Value"])
    state = f"{found} vCPUs {gpu.capacity}, {wanted} wanted by {gpu.nodes.max} x {largest['InstanceType']}"
    if found >= wanted:
        return Finding("GPU quota", state)
    request = "aws service-quotas request-service-quota-increase --service-code ec2"
    remedy = f"{request} --quota-code {code} --desired-value {wanted} --region {aws.region} (takes hours to days)"
    return Finding("GPU quota", state, remedy)


def _endpoint(aws: Aws, cluster: EksClusterConfig) -> Finding:
    """Whether this machine reaches the API server; a private endpoint answers only from the network."""
    try:
        found = aws("eks", "describe-cluster", "--name", cluster.name)["cluster"]
    except AwsError as error:
        if "ResourceNotFoundException" in str(error):
            return Finding("endpoint", f"cluster {cluster.name} does not exist yet")
        raise
    host = urlsplit(found["endpoint"]).hostname or ""
    try:
        socket.create_connection((host, 443), timeout=CONNECT_SECONDS).close()
    except OSError as error:
        remedy = "run from the network (VPN, or a runner in the VPC), or name this address in cluster.endpoint's public CIDRs"
        return Finding("endpoint", f"{host} does not answer from here: {error}", remedy)
    return Finding("endpoint", f"{host} answers")
