"""Checks of an AWS account for the GPU pool: zones that offer its instance types, and the vCPU quota."""

from __future__ import annotations

from scripts.cloud.account import ALWAYS_ENABLED
from scripts.cloud.aws import Aws, AwsError, increase
from scripts.cloud.finding import Finding
from stacks.config.cluster import EksClusterConfig, GpuConfig

QUOTAS = {
    "on-demand": {"g": "L-DB2E81BA", "p": "L-417A185B"},
    "spot": {"g": "L-3819A6DF", "p4": "L-7212CCBC", "p5": "L-C4BD4855"},
}
"""EC2's quotas in vCPUs, by capacity and by prefix of the instance type; new accounts have 0 of each.

Source: the names and codes in `aws service-quotas list-service-quotas --service-code ec2`: "Running On-Demand G and VT
instances", "Running On-Demand P instances", "All G and VT Spot Instance Requests", "All P4, P3 and P2 Spot Instance Requests",
"All P5 Spot Instance Requests". AWS does not document the quota for p6 on spot, so it is missing here.
"""


SPOT_ROLE = "AWSServiceRoleForEC2Spot"


def offered(aws: Aws, cluster: EksClusterConfig, gpu: GpuConfig) -> Finding:
    """Check that a zone of the stack offers each type: EKS refuses a node group if a single type is not available."""
    wanted = f"Name=instance-type,Values={','.join(gpu.instance_types)}"
    answer = aws("ec2", "describe-instance-type-offerings", "--location-type", "availability-zone", "--filters", wanted)
    offers = {(offer["InstanceType"], offer["Location"]) for offer in answer["InstanceTypeOfferings"]}
    places = {kind: [zone for zone in cluster.zones if (kind, zone) in offers] for kind in gpu.instance_types}
    if nowhere := [kind for kind, found in places.items() if not found]:
        state = f"no zone of the stack offers {', '.join(nowhere)}"
        return Finding("GPU types", state, "choose other gpu.instanceTypes, cluster.zones or a region")
    return Finding("GPU types", "; ".join(f"{kind} in {', '.join(found)}" for kind, found in places.items()))


def spot_role() -> Finding:
    """Check the role with which EC2 starts spot instances: only an account that had some before has it, and EKS does not make it.

    docs.aws.amazon.com/AWSEC2/latest/UserGuide/service-linked-roles-spot-instance-requests.html
    """
    try:
        Aws(ALWAYS_ENABLED)("iam", "get-role", "--role-name", SPOT_ROLE)
    except AwsError as error:
        if "NoSuchEntity" not in str(error):
            raise
        remedy = "aws iam create-service-linked-role --aws-service-name spot.amazonaws.com (once per account)"
        return Finding("spot role", f"the account has no {SPOT_ROLE}: the pool would stay empty", remedy)
    return Finding("spot role", SPOT_ROLE)


def reservations(aws: Aws, gpu: GpuConfig) -> Finding:
    """Check that every reservation is there and in force: Karpenter passes over any other, and pays for a machine on demand."""
    wanted = gpu.karpenter.reservations
    answer = aws("ec2", "describe-capacity-reservations", "--filters", "Name=state,Values=active,scheduled")
    there = {each["CapacityReservationId"]: each for each in answer["CapacityReservations"]}
    if missing := [each for each in wanted if each not in there]:
        state = f"{aws.region} has no active {', '.join(missing)}"
        return Finding("reservations", state, "correct gpu.karpenter.reservations, or leave it out")
    return Finding(
        "reservations", "; ".join(f"{each}: {there[each]['TotalInstanceCount']} x {there[each]['InstanceType']}" for each in wanted)
    )


def quotas(gpu: GpuConfig) -> list[tuple[str, str]]:
    """Capacity and code of every quota that the pool's nodes count against. Karpenter takes on-demand nodes where spot is sold out."""
    capacities = [each for each in gpu.capacity_types if each in QUOTAS] if gpu.mode == "karpenter" else [gpu.capacity]
    return list(dict.fromkeys((capacity, quota_code(kind, capacity)) for capacity in capacities for kind in gpu.instance_types))


def quota(aws: Aws, gpu: GpuConfig, capacity: str, code: str) -> Finding:
    """Check the vCPUs for the pool at its largest, if all its nodes have the largest type of this quota.

    Other instances in the account count against the same quota; this check does not include them.
    """
    counted = [kind for kind in gpu.instance_types if quota_code(kind, capacity) == code]
    names = ", ".join(counted)
    if not code:
        listed = "aws service-quotas list-service-quotas --service-code ec2"
        return Finding("GPU quota", f"the quota of {names} on {capacity} is not known here", f"see `{listed} --region {aws.region}`")
    described = aws("ec2", "describe-instance-types", "--filters", f"Name=instance-type,Values={','.join(counted)}")["InstanceTypes"]
    if not described:
        return Finding("GPU quota", f"{aws.region} has no {names}", "choose other gpu.instanceTypes or a region")
    vcpus, largest = max((kind["VCpuInfo"]["DefaultVCpus"], kind["InstanceType"]) for kind in described)
    wanted = gpu.nodes.max * vcpus
    found = int(aws("service-quotas", "get-service-quota", "--service-code", "ec2", "--quota-code", code)["Quota"]["Value"])
    state = f"{found} vCPUs {capacity}, {wanted} needed for {gpu.nodes.max} x {largest}"
    return Finding("GPU quota", state, "" if found >= wanted else increase("ec2", code, wanted, aws.region))


def quota_code(kind: str, capacity: str) -> str:
    """Code of the quota for an instance type; empty if it is unknown."""
    return next((code for family, code in QUOTAS[capacity].items() if kind.startswith(family)), "")
