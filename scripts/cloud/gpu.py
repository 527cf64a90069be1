"""Checks of an AWS account for the GPU pool: where its instance types are offered, and how many vCPUs of them it may have."""

from __future__ import annotations

from scripts.cloud.aws import Aws
from scripts.cloud.finding import Finding
from stacks.config.cluster import EksClusterConfig, GpuConfig

QUOTAS = {
    "on-demand": {"g": "L-DB2E81BA", "p": "L-417A185B"},
    "spot": {"g": "L-3819A6DF", "p4": "L-7212CCBC", "p5": "L-C4BD4855"},
}
"""EC2's quotas in vCPUs, by capacity and by how an instance type begins; new accounts have 0 of each.

Source: the names and codes that `aws service-quotas list-service-quotas --service-code ec2` lists: "Running On-Demand G and VT
instances", "Running On-Demand P instances", "All G and VT Spot Instance Requests", "All P4, P3 and P2 Spot Instance Requests",
"All P5 Spot Instance Requests". Which one counts p6 on spot is not written down, so none stands here.
"""


def offered(aws: Aws, cluster: EksClusterConfig, gpu: GpuConfig) -> Finding:
    """Each type in a zone of the stack: EKS refuses a node group for a single type that is nowhere to be had."""
    wanted = f"Name=instance-type,Values={','.join(gpu.instance_types)}"
    answer = aws("ec2", "describe-instance-type-offerings", "--location-type", "availability-zone", "--filters", wanted)
    offers = {(offer["InstanceType"], offer["Location"]) for offer in answer["InstanceTypeOfferings"]}
    places = {kind: [zone for zone in cluster.zones if (kind, zone) in offers] for kind in gpu.instance_types}
    if nowhere := [kind for kind, found in places.items() if not found]:
        state = f"no zone of the stack offers {', '.join(nowhere)}"
        return Finding("GPU types", state, "choose other gpu.instanceTypes, cluster.zones or a region")
    return Finding("GPU types", "; ".join(f"{kind} in {', '.join(found)}" for kind, found in places.items()))


def quota(aws: Aws, gpu: GpuConfig, code: str) -> Finding:
    """Enough vCPUs for the pool at its largest, if all its nodes are of the largest type that this quota counts.

    What else runs in the account counts against the same quota, and is not looked at.
    """
    counted = [kind for kind in gpu.instance_types if quota_code(kind, gpu.capacity) == code]
    names = ", ".join(counted)
    if not code:
        listed = "aws service-quotas list-service-quotas --service-code ec2"
        return Finding(
            "GPU quota", f"which one counts {names} on {gpu.capacity} is not known here", f"see `{listed} --region {aws.region}`"
        )
    described = aws("ec2", "describe-instance-types", "--filters", f"Name=instance-type,Values={','.join(counted)}")["InstanceTypes"]
    if not described:
        return Finding("GPU quota", f"{aws.region} has no {names}", "choose other gpu.instanceTypes or a region")
    vcpus, largest = max((kind["VCpuInfo"]["DefaultVCpus"], kind["InstanceType"]) for kind in described)
    wanted = gpu.nodes.max * vcpus
    found = int(aws("service-quotas", "get-service-quota", "--service-code", "ec2", "--quota-code", code)["Quota"]["Value"])
    state = f"{found} vCPUs {gpu.capacity}, {wanted} wanted by {gpu.nodes.max} x {largest}"
    if found >= wanted:
        return Finding("GPU quota", state)
    request = "aws service-quotas request-service-quota-increase --service-code ec2"
    remedy = f"{request} --quota-code {code} --desired-value {wanted} --region {aws.region} (takes hours to days)"
    return Finding("GPU quota", state, remedy)


def quota_code(kind: str, capacity: str) -> str:
    """Of the quota that counts an instance type; empty where it is not known."""
    return next((code for family, code in QUOTAS[capacity].items() if kind.startswith(family)), "")
