"""Checks of an AWS account for a stack: identity, region, zones, and access to the API server."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from components.aws.zones import NOT_SERVED
from scripts.cloud.aws import Aws, AwsError
from scripts.cloud.finding import Finding
from stacks.config.cluster import EksClusterConfig

ALWAYS_ENABLED = "us-east-1"
"""A region that no account can disable. In a disabled region, every call fails as if the credentials were wrong."""

CONNECT_SECONDS = 5


def identity(cluster: EksClusterConfig) -> Finding:
    try:
        caller = Aws(ALWAYS_ENABLED)("sts", "get-caller-identity")
    except AwsError as error:
        return Finding("identity", str(error), "log in, for example with `aws sso login`, or set AWS_PROFILE")
    if cluster.account and caller["Account"] != cluster.account:
        remedy = f"use credentials of account {cluster.account}, or correct cluster.account"
        return Finding("identity", f"{caller['Arn']} belongs to another account", remedy)
    return Finding("identity", caller["Arn"])


def region(cluster: EksClusterConfig) -> Finding:
    name = cluster.region
    found = Aws(ALWAYS_ENABLED)("ec2", "describe-regions", "--all-regions", "--filters", f"Name=region-name,Values={name}")["Regions"]
    if not found:
        return Finding("region", f"AWS has no {name}", "correct cluster.region")
    if found[0]["OptInStatus"] == "not-opted-in":
        remedy = f"aws account enable-region --region-name {name} --region {ALWAYS_ENABLED} (takes minutes to hours)"
        return Finding("region", f"{name} is not enabled", remedy)
    return Finding("region", name)


def zones(aws: Aws, cluster: EksClusterConfig) -> Finding:
    """Check that the zones exist and that EKS serves them: only their ids tell, and each account has names of its own for them."""
    answer = aws("ec2", "describe-availability-zones")["AvailabilityZones"]
    found = {zone["ZoneName"]: zone["ZoneId"] for zone in answer if zone["State"] == "available"}
    served = sorted(name for name, zone in found.items() if zone not in NOT_SERVED)
    remedy = f"choose cluster.zones from: {', '.join(served)}"
    if unknown := [zone for zone in cluster.zones if zone not in found]:
        return Finding("zones", f"not available: {', '.join(unknown)}", remedy)
    if refused := [f"{zone} ({found[zone]})" for zone in cluster.zones if zone not in served]:
        return Finding("zones", f"EKS places no control plane in: {', '.join(refused)}", remedy)
    return Finding("zones", ", ".join(cluster.zones))


def access(cluster: EksClusterConfig) -> Finding:
    """Check that the caller administers the cluster: it creates everything in the cluster, and EKS admits no other caller."""
    arn = Aws(ALWAYS_ENABLED)("sts", "get-caller-identity")["Arn"]
    # A role calls as arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION; its own ARN may have a path before its name.
    caller = arn.split("/")[1] if ":assumed-role/" in arn else arn
    if caller in cluster.admins or caller in [admin.rpartition("/")[2] for admin in cluster.admins if ":role/" in admin]:
        return Finding("cluster access", f"{caller} is one of cluster.admins")
    remedy = f"run Pulumi as one of them ({', '.join(cluster.admins)}), or add {caller}"
    return Finding("cluster access", f"{caller} is not one of cluster.admins", remedy)


def endpoint(aws: Aws, cluster: EksClusterConfig) -> Finding:
    """Check that this machine reaches the API server; a private endpoint answers only inside the network."""
    try:
        found = aws("eks", "describe-cluster", "--name", cluster.name)["cluster"]
    except AwsError as error:
        if "ResourceNotFoundException" in str(error):
            return Finding("endpoint", f"cluster {cluster.name} does not exist yet")
        raise
    if "endpoint" not in found:
        return Finding("endpoint", f"cluster {cluster.name} has no endpoint yet: {found['status']}")
    address = urlsplit(found["endpoint"])
    try:
        socket.create_connection((address.hostname or "", address.port or 443), timeout=CONNECT_SECONDS).close()
    except OSError as error:
        remedy = "run inside the network (VPN, or a runner in the VPC), or add this machine's address to cluster.endpoint.publicCidrs"
        return Finding("endpoint", f"{address.hostname} does not answer from here: {error}", remedy)
    return Finding("endpoint", f"{address.hostname} answers")
