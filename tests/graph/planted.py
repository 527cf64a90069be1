"""Mistakes planted into resources of prod, one at a time, each of which AWS or its provider refuses."""

from __future__ import annotations

import copy
import json
import re
from dataclasses import dataclass
from typing import Any

GONE = object()
"""In place of a value: the argument is left out."""

ENTRY = "AccessEntry/admin-inference-platform-admin"
ACCESS = "AccessPolicyAssociation/admin-inference-platform-admin"
EBS = "RolePolicyAttachment/aws-ebs-csi-driver-amazonebscsidriverpolicy"
RULE = "SecurityGroupIngressRule/network-endpoints-https"
SUBNET = "Subnet/private-eu-central-1a"
TEMPLATE = "LaunchTemplate/gpu"
HOPS = "metadataOptions.httpPutResponseHopLimit"


@dataclass(frozen=True)
class Mistake:
    """`value` at `path` of the resource `key`. `by_models`: only AWS's service models know it."""

    words: str
    key: str
    path: str
    value: Any
    by_models: bool = False

    def plant(self, inputs: dict[str, Any]) -> dict[str, Any]:
        planted = copy.deepcopy(inputs)
        *ahead, last = re.findall(r"[^.\[\]]+", self.path)
        place: Any = planted
        for step in ahead:
            place = place[int(step) if isinstance(place, list) else step]
        if self.value is GONE:
            del place[last]
        else:
            place[int(last) if isinstance(place, list) else last] = self.value
        return planted


def _document(**statement: Any) -> str:  # noqa: ANN401 - any JSON
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


ALLOWED = {"Effect": "Allow", "Action": ["ec2:Describe*"], "Resource": ["*"]}

MISTAKES = [
    Mistake("VPC with host bits", "Vpc/network", "cidrBlock", "10.30.0.1/16"),
    Mistake("VPC of /8", "Vpc/network", "cidrBlock", "10.0.0.0/8"),
    Mistake("VPC of /29", "Vpc/network", "cidrBlock", "10.30.0.0/29"),
    Mistake("VPC that is no CIDR block", "Vpc/network", "cidrBlock", "10.30.0.0"),
    Mistake("tenancy that does not exist", "Vpc/network", "instanceTenancy", "shared", by_models=True),
    Mistake("subnet with host bits", SUBNET, "cidrBlock", "10.30.1.0/18"),
    Mistake("subnet of /30", SUBNET, "cidrBlock", "10.30.0.0/30"),
    Mistake("zone that is a region", SUBNET, "availabilityZone", "eu-central-1"),
    Mistake("route to a range with host bits", "Route/public-internet", "destinationCidrBlock", "0.0.0.1/0"),
    Mistake("address for no VPC", "Eip/nat-eu-central-1a", "domain", "VPC", by_models=True),
    Mistake("NAT of an unknown kind", "NatGateway/nat-eu-central-1a", "connectivityType", "open", by_models=True),
    Mistake("endpoint of an unknown kind", "VpcEndpoint/network-endpoints-s3", "vpcEndpointType", "gateway", by_models=True),
    Mistake("endpoint of a service by its short name", "VpcEndpoint/network-endpoints-s3", "serviceName", "s3"),
    Mistake("endpoint with route tables and subnets", "VpcEndpoint/network-endpoints-s3", "subnetIds", ["subnet-1"]),
    Mistake("rule for a range with host bits", RULE, "cidrIpv4", "10.30.0.1/16"),
    Mistake("rule with ports upside down", RULE, "fromPort", 8443),
    Mistake("rule for port 70000", RULE, "toPort", 70000),
    Mistake("flow log every minute and a half", "FlowLog/network-flow-logs", "maxAggregationInterval", 90),
    Mistake("flow log of no traffic", "FlowLog/network-flow-logs", "trafficType", "NONE", by_models=True),
    Mistake("log retention of 8 days", "LogGroup/cluster", "retentionInDays", 8),
    Mistake("log group with a space", "LogGroup/cluster", "name", "no spaces", by_models=True),
    Mistake("public range of Services", "Cluster/cluster", "kubernetesNetworkConfig.serviceIpv4Cidr", "8.8.0.0/16"),
    Mistake("range of Services of /8", "Cluster/cluster", "kubernetesNetworkConfig.serviceIpv4Cidr", "10.0.0.0/8"),
    Mistake("caller without a prefix", "Cluster/cluster", "vpcConfig.publicAccessCidrs", ["203.0.113.7/24"]),
    Mistake("the same subnet, and so the same zone, twice", "Cluster/cluster", "vpcConfig.subnetIds", ["subnet-1", "subnet-1"]),
    Mistake("Kubernetes with a patch version", "Cluster/cluster", "version", "1.35.7"),
    Mistake("log of the control plane that does not exist", "Cluster/cluster", "enabledClusterLogTypes", ["apis"], by_models=True),
    Mistake("cluster without a role", "Cluster/cluster", "roleArn", GONE),
    Mistake("cluster with a role's name in place of its ARN", "Cluster/cluster", "roleArn", "control-plane"),
    Mistake("misspelt argument", "Cluster/cluster", "deletionProtecton", True),
    Mistake("access entry of no type", ENTRY, "type", "ADMIN"),
    Mistake("IAM policy in place of an access policy", ACCESS, "policyArn", "arn:aws:iam::aws:policy/AmazonEKSClusterAdminPolicy"),
    Mistake("access to everything", ACCESS, "accessScope.type", "all", by_models=True),
    Mistake("alias without alias/", "Alias/cluster-secrets", "name", "eks/inference-prod"),
    Mistake("AWS's own alias", "Alias/cluster-secrets", "name", "alias/aws/eks"),
    Mistake("key that is deleted in 3 days", "Key/cluster-secrets", "deletionWindowInDays", 3),
    Mistake("key that rotates each day", "Key/cluster-secrets", "rotationPeriodInDays", 1),
    Mistake("hop limit 0", TEMPLATE, HOPS, 0),
    Mistake("hop limit as a text", TEMPLATE, HOPS, "one"),
    Mistake("tokens that are optional in other words", TEMPLATE, "metadataOptions.httpTokens", "no", by_models=True),
    Mistake("disk of 0 GiB", TEMPLATE, "blockDeviceMappings[0].ebs.volumeSize", 0),
    Mistake("disk of a kind that does not exist", TEMPLATE, "blockDeviceMappings[0].ebs.volumeType", "gp4", by_models=True),
    Mistake("tags of a resource that does not exist", TEMPLATE, "tagSpecifications[0].resourceType", "node", by_models=True),
    Mistake("prefix of a node group with 60 letters", "NodeGroup/gpu", "nodeGroupNamePrefix", "g" * 60),
    Mistake("both max_unavailable", "NodeGroup/gpu", "updateConfig.maxUnavailablePercentage", 50),
    Mistake("fewest nodes above the wanted", "NodeGroup/gpu", "scalingConfig.minSize", 2),
    Mistake("wanted nodes above the most", "NodeGroup/gpu", "scalingConfig.desiredSize", 4),
    Mistake("instance type that does not exist", "NodeGroup/gpu", "instanceTypes", ["g6.xlage"], by_models=True),
    Mistake("instance type twice", "NodeGroup/gpu", "instanceTypes", ["g6.xlarge", "g6.xlarge"]),
    Mistake("image that does not exist", "NodeGroup/gpu", "amiType", "AL2023_x86_64_NVIDA", by_models=True),
    Mistake("image release of another form", "NodeGroup/gpu", "releaseVersion", "v20260911"),
    Mistake("capacity in lower case", "NodeGroup/gpu", "capacityType", "spot", by_models=True),
    Mistake("taint in Kubernetes' words", "NodeGroup/gpu", "taints[0].effect", "NoSchedule", by_models=True),
    Mistake("disk size beside a launch template", "NodeGroup/gpu", "diskSize", 100),
    Mistake("add-on version of another form", "Addon/coredns", "addonVersion", "1.13.2"),
    Mistake("add-on conflicts in lower case", "Addon/coredns", "resolveConflictsOnUpdate", "overwrite", by_models=True),
    Mistake("policy that does not exist", EBS, "policyArn", "arn:aws:iam::aws:policy/AmazonEBSCSIDriverPolicy"),
    Mistake("role name with a slash", "Role/system-nodes", "name", "nodes/system", by_models=True),
    Mistake("trust that is no JSON", "Role/system-nodes", "assumeRolePolicy", "{"),
    Mistake(
        "trust of another year", "Role/system-nodes", "assumeRolePolicy", json.dumps({"Version": "2012-10-18", "Statement": [ALLOWED]})
    ),
    Mistake("right of neither effect", "RolePolicy/cluster-autoscaler-scale", "policy", _document(**{**ALLOWED, "Effect": "Permit"})),
    Mistake("action without its service", "RolePolicy/cluster-autoscaler-scale", "policy", _document(**{**ALLOWED, "Action": "Describe*"})),
    Mistake("tag for an instance by a text", "Tag/gpu-resources-nvidia.com-gpu", "tag.propagateAtLaunch", "no"),
]
