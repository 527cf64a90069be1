"""Maps resources to the shapes of the service models that describe their arguments.

From `shape` down, arguments and members pair up by name, ignoring case; `named` gives the shape where the names differ.
Only the SDK's types check resources that are not here and arguments without a pair. An argument for which the
provider accepts more than the service, such as "Disabled" for a bucket's versioning, must have no pair.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Model:
    """The shape of one resource's arguments in its service's model. `foreign`: arguments that another service's shape describes."""

    service: str
    shape: str
    named: Mapping[str, str] = field(default_factory=dict)
    foreign: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def at(self, wire: str) -> tuple[Model, str]:
        """The model that describes the argument at `wire`, and the argument's path in it."""
        if wire not in self.foreign:
            return self, wire
        service, shape = self.foreign[wire]
        return Model(service, shape), ""


TABLE: Mapping[str, Model] = {
    "aws:appautoscaling/policy:Policy": Model("application-autoscaling", "PutScalingPolicyRequest", {"name": "PolicyName"}),
    "aws:appautoscaling/target:Target": Model("application-autoscaling", "RegisterScalableTargetRequest"),
    "aws:cloudwatch/eventRule:EventRule": Model("events", "PutRuleRequest"),
    "aws:cloudwatch/eventTarget:EventTarget": Model("events", "Target", {"rule": "RuleName", "targetId": "TargetId"}),
    "aws:cloudwatch/logGroup:LogGroup": Model("logs", "CreateLogGroupRequest", {"name": "LogGroupName"}),
    "aws:cloudwatch/metricAlarm:MetricAlarm": Model("cloudwatch", "PutMetricAlarmInput", {"name": "AlarmName"}),
    "aws:ec2/eip:Eip": Model("ec2", "AllocateAddressRequest"),
    "aws:ec2/flowLog:FlowLog": Model("ec2", "CreateFlowLogsRequest"),
    "aws:ec2/launchTemplate:LaunchTemplate": Model("ec2", "RequestLaunchTemplateData", {"description": "VersionDescription"}),
    "aws:ec2/natGateway:NatGateway": Model("ec2", "CreateNatGatewayRequest"),
    "aws:ec2/vpc:Vpc": Model("ec2", "CreateVpcRequest"),
    "aws:ec2/vpcEndpoint:VpcEndpoint": Model("ec2", "CreateVpcEndpointRequest"),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": Model("eks", "AssociateAccessPolicyRequest"),
    "aws:eks/addon:Addon": Model(
        "eks",
        "CreateAddonRequest",
        {"resolveConflictsOnCreate": "ResolveConflicts", "resolveConflictsOnUpdate": "ResolveConflicts"},
    ),
    "aws:eks/cluster:Cluster": Model(
        "eks", "CreateClusterRequest", {"enabledClusterLogTypes[]": "LogType", "vpcConfig": "VpcConfigRequest"}
    ),
    "aws:eks/nodeGroup:NodeGroup": Model("eks", "CreateNodegroupRequest", foreign={"instanceTypes[]": ("ec2", "InstanceType")}),
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": Model("iam", "CreateOpenIDConnectProviderRequest"),
    "aws:iam/policy:Policy": Model("iam", "CreatePolicyRequest", {"name": "policyNameType", "policy": "policyDocumentType"}),
    "aws:iam/role:Role": Model("iam", "CreateRoleRequest", {"name": "roleNameType", "assumeRolePolicy": "policyDocumentType"}),
    "aws:iam/rolePolicy:RolePolicy": Model(
        "iam", "PutRolePolicyRequest", {"name": "policyNameType", "policy": "policyDocumentType", "role": "roleNameType"}
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Model("iam", "AttachRolePolicyRequest", {"role": "roleNameType"}),
    "aws:kms/alias:Alias": Model("kms", "CreateAliasRequest", {"name": "AliasNameType"}),
    "aws:kms/key:Key": Model("kms", "CreateKeyRequest"),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": Model(
        "s3",
        "PutBucketLifecycleConfigurationRequest",
        {
            "rules[].status": "ExpirationStatus",
            "rules[].transitions[].storageClass": "TransitionStorageClass",
            "rules[].noncurrentVersionTransitions[].storageClass": "TransitionStorageClass",
        },
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": Model(
        "s3", "PutBucketOwnershipControlsRequest", {"rule.objectOwnership": "ObjectOwnership"}
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": Model(
        "s3",
        "PutBucketEncryptionRequest",
        {"rules[].applyServerSideEncryptionByDefault.sseAlgorithm": "ServerSideEncryption"},
    ),
    "aws:sagemaker/endpoint:Endpoint": Model("sagemaker", "CreateEndpointInput", {"name": "EndpointName"}),
    "aws:sagemaker/endpointConfiguration:EndpointConfiguration": Model(
        "sagemaker",
        "CreateEndpointConfigInput",
        {"name": "EndpointConfigName", "productionVariants[].routingConfigs[]": "ProductionVariantRoutingConfig"},
    ),
    "aws:sagemaker/model:Model": Model(
        "sagemaker", "CreateModelInput", {"name": "ModelName", "primaryContainer.modelDataSource.s3DataSources[]": "S3ModelDataSource"}
    ),
}

SERVICES = tuple(sorted({model.service for model in TABLE.values()}))
"""The service models that a build keeps."""
