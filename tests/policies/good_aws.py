"""A small stack on AWS in which nothing is wrong, and ways to change one thing in it."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

from tests.policies.analyzer_harness import Registered

ABSENT = object()
"""Instead of a new value: the property is not there."""

TAGS = {"environment": "prod", "owner": "ml-platform", "cost-center": "inference-prod", "managed-by": "pulumi"}
NODE_TEMPLATE = "k8s.io/cluster-autoscaler/node-template"


def document(**statement: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def _tag(key: str) -> dict[str, Any]:
    return {"autoscalingGroupName": "eks-gpu-group", "tag": {"key": f"{NODE_TEMPLATE}/{key}", "value": "1", "propagateAtLaunch": False}}


def _template(gib: int) -> dict[str, Any]:
    return {
        "metadataOptions": {"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1},
        "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {"volumeType": "gp3", "volumeSize": gib, "encrypted": "true"}}],
        "tagSpecifications": [{"resourceType": kind, "tags": {**TAGS}} for kind in ("instance", "volume", "network-interface")],
    }


def _group(ami: str, types: list[str], least: int, most: int, **more: object) -> dict[str, Any]:
    return {
        "amiType": ami,
        "instanceTypes": types,
        "capacityType": "ON_DEMAND",
        "releaseVersion": "1.35.7-20260911",
        "scalingConfig": {"minSize": least, "maxSize": most, "desiredSize": least},
        "launchTemplate": {"id": "lt-1", "version": "1"},
        **more,
    }


GPU_TAINTS = [{"key": "nvidia.com/gpu", "value": "true", "effect": "NO_SCHEDULE"}]
DENY_PLAIN = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}

GOOD: Mapping[str, tuple[str, dict[str, Any]]] = {
    "aws": ("pulumi:providers:aws", {"region": "eu-central-1", "defaultTags": json.dumps({"tags": TAGS})}),
    "cluster": (
        "aws:eks/cluster:Cluster",
        {
            "vpcConfig": {"endpointPublicAccess": True, "endpointPrivateAccess": True, "publicAccessCidrs": ["192.0.2.0/24"]},
            "encryptionConfig": {"provider": {"keyArn": "arn:aws:kms:key"}, "resources": ["secrets"]},
            "enabledClusterLogTypes": ["api", "audit", "authenticator", "controllerManager", "scheduler"],
            "accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False},
            "upgradePolicy": {"supportType": "STANDARD"},
            "deletionProtection": True,
        },
    ),
    "vpc-cni": ("aws:eks/addon:Addon", {"addonName": "vpc-cni", "addonVersion": "v1.22.4-eksbuild.3"}),
    "system": ("aws:eks/nodeGroup:NodeGroup", _group("AL2023_x86_64_STANDARD", ["m7i.xlarge"], 3, 9)),
    "gpu": (
        "aws:eks/nodeGroup:NodeGroup",
        _group("AL2023_x86_64_NVIDIA", ["g6.xlarge"], 0, 3, taints=GPU_TAINTS, labels={"workload-type": "inference"}),
    ),
    "system-template": ("aws:ec2/launchTemplate:LaunchTemplate", _template(50)),
    "gpu-template": ("aws:ec2/launchTemplate:LaunchTemplate", _template(200)),
    "tag-label": ("aws:autoscaling/tag:Tag", _tag("label/workload-type")),
    "tag-taint": ("aws:autoscaling/tag:Tag", _tag("taint/nvidia.com/gpu")),
    "tag-gpus": ("aws:autoscaling/tag:Tag", _tag("resources/nvidia.com/gpu")),
    "gp3": (
        "kubernetes:storage.k8s.io/v1:StorageClass",
        {"provisioner": "ebs.csi.aws.com", "parameters": {"type": "gp3", "encrypted": "true"}},
    ),
    "network": ("aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/16"}),
    "flow-log": ("aws:ec2/flowLog:FlowLog", {"vpcId": "vpc-1", "trafficType": "ALL"}),
    "private": ("aws:ec2/subnet:Subnet", {"mapPublicIpOnLaunch": False}),
    "nat": ("aws:ec2/natGateway:NatGateway", {"subnetId": "subnet-1"}),
    "endpoint": ("aws:ec2/vpcEndpoint:VpcEndpoint", {"vpcEndpointType": "Interface", "subnetIds": ["subnet-1", "subnet-2"]}),
    "https": ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", {"cidrIpv4": "10.0.0.0/16", "ipProtocol": "tcp"}),
    "group": ("aws:ec2/securityGroup:SecurityGroup", {"ingress": [{"cidrBlocks": ["10.0.0.0/16"], "protocol": "tcp"}]}),
    "old-rule": ("aws:ec2/securityGroupRule:SecurityGroupRule", {"type": "ingress", "cidrBlocks": ["10.0.0.0/16"]}),
    "logs": ("aws:cloudwatch/logGroup:LogGroup", {"retentionInDays": 30}),
    "rights": ("aws:iam/rolePolicy:RolePolicy", {"policy": document(Action=["s3:GetObject"], Resource=["arn:aws:s3:::models/*"])}),
    "role": ("aws:iam/role:Role", {"assumeRolePolicy": document(Action="sts:AssumeRole", Principal={"Service": "ec2.amazonaws.com"})}),
    "key": ("aws:kms/key:Key", {"enableKeyRotation": True}),
    "models": ("aws:s3/bucket:Bucket", {"bucket": "models"}),
    "versions": ("aws:s3/bucketVersioning:BucketVersioning", {"bucket": "models", "versioningConfiguration": {"status": "Enabled"}}),
    "encryption": (
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        {"bucket": "models", "rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms"}}]},
    ),
    "wall": (
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        {
            "bucket": "models",
            **dict.fromkeys(("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), True),
        },
    ),
    "bucket-policy": ("aws:s3/bucketPolicy:BucketPolicy", {"bucket": "models", "policy": json.dumps({"Statement": [DENY_PLAIN]})}),
}

MANAGED: Mapping[str, tuple[str, dict[str, Any]]] = {
    "managed-model": (
        "aws:sagemaker/model:Model",
        {
            "enableNetworkIsolation": True,
            "vpcConfig": {"subnets": ["subnet-1"], "securityGroupIds": ["sg-1"]},
            "primaryContainer": {
                "image": f"111122223333.dkr.ecr.eu-central-1.amazonaws.com/server@sha256:{'c' * 64}",
                "environment": {"SM_VLLM_MAX_NUM_BATCHED_TOKENS": "8192"},
            },
        },
    ),
    "managed": (
        "aws:sagemaker/endpointConfiguration:EndpointConfiguration",
        {
            "productionVariants": [{"variantName": "AllTraffic", "instanceType": "ml.m5.large", "initialInstanceCount": 1}],
            "kmsKeyArn": "arn:aws:kms:key",
        },
    ),
    "managed-endpoint": (
        "aws:sagemaker/endpoint:Endpoint",
        {"deploymentConfig": {"autoRollbackConfiguration": {"alarms": [{"alarmName": "failures"}]}}},
    ),
    "managed-AllTraffic": ("aws:appautoscaling/target:Target", {"minCapacity": 1, "maxCapacity": 3}),
}
"""A managed endpoint, which the good stack has where one of these is changed: elsewhere its instances would want a price."""

KARPENTER: Mapping[str, tuple[str, dict[str, Any]]] = {
    **{key: value for key, value in GOOD.items() if key.partition("-")[0] not in {"gpu", "tag"}},
    "pool": (
        "kubernetes:karpenter.sh/v1:NodePool",
        {
            "metadata": {"name": "gpu"},
            "spec": {
                "template": {
                    "spec": {
                        "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "gpu"},
                        "taints": [{"key": "nvidia.com/gpu", "value": "true", "effect": "NoSchedule"}],
                        "requirements": [
                            {"key": "node.kubernetes.io/instance-type", "operator": "In", "values": ["g6.xlarge", "g5.xlarge"]},
                            {"key": "karpenter.sh/capacity-type", "operator": "In", "values": ["reserved", "on-demand"]},
                        ],
                    }
                },
                "limits": {"nodes": 3, "nvidia.com/gpu": 3},
            },
        },
    ),
    "class": (
        "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass",
        {
            "metadata": {"name": "gpu"},
            "spec": {
                "amiSelectorTerms": [{"alias": "al2023@v20260911"}],
                "metadataOptions": {"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1},
                "blockDeviceMappings": [
                    {"deviceName": "/dev/xvda", "ebs": {"volumeType": "gp3", "volumeSize": "200Gi", "encrypted": True}}
                ],
                "tags": TAGS,
            },
        },
    ),
}
"""The same stack with Karpenter in place of a node group with GPUs."""


def stack(
    changed: str = "",
    path: str = "",
    value: object = None,
    unprotected: str = "",
    good: Mapping[str, tuple[str, dict[str, Any]]] = GOOD,
) -> list[Registered]:
    """The good stack, in which the value at `path` of the resource `changed` is another. Without a path the resource is not there."""
    resources = []
    for key, (token, inputs) in {**good, **(MANAGED if changed in MANAGED else {})}.items():
        if key == changed and not path:
            continue
        own = copy.deepcopy(inputs)
        if key == changed:
            _put(own, path, value)
        # A launch template has the name of its node group.
        resources.append(Registered(token, key.removesuffix("-template"), own, protect=key == "cluster" != unprotected))
    return resources


def _put(inputs: Any, path: str, value: object) -> None:  # noqa: ANN401 - nested properties
    *way, last = [int(part) if part.isdigit() else part for part in path.split("/")]
    for part in way:
        inputs = inputs[part]
    if value is ABSENT:
        del inputs[last]
    else:
        inputs[last] = value
