"""Resources of IAM, KMS, CloudWatch Logs, EKS and Auto Scaling."""

from __future__ import annotations

import json
from typing import Any

from tests.emulators.resource import Aws, Inputs, Kind, Made


def _role(aws: Aws, inputs: Inputs) -> Made:
    made = aws.iam.create_role(RoleName=inputs["name"], AssumeRolePolicyDocument=inputs["assumeRolePolicy"])["Role"]
    return Made(inputs["name"], made["Arn"])


def _read_role(aws: Aws, _inputs: Inputs, made: Made) -> Inputs:
    found = aws.iam.get_role(RoleName=made.id)["Role"]["AssumeRolePolicyDocument"]
    return {"assumeRolePolicy": json.dumps(found) if isinstance(found, dict) else found}


def _attach(aws: Aws, inputs: Inputs) -> Made:
    aws.iam.attach_role_policy(RoleName=inputs["role"], PolicyArn=inputs["policyArn"])
    return Made(inputs["role"])


def _read_attachment(aws: Aws, inputs: Inputs, made: Made) -> Inputs:
    attached = [each["PolicyArn"] for each in aws.iam.list_attached_role_policies(RoleName=made.id)["AttachedPolicies"]]
    return {"policyArn": next(arn for arn in attached if arn == inputs["policyArn"])}


def _rights(aws: Aws, inputs: Inputs) -> Made:
    aws.iam.put_role_policy(RoleName=inputs["role"], PolicyName=inputs["name"], PolicyDocument=inputs["policy"])
    return Made(inputs["role"])


def _read_rights(aws: Aws, inputs: Inputs, made: Made) -> Inputs:
    found = aws.iam.get_role_policy(RoleName=made.id, PolicyName=inputs["name"])["PolicyDocument"]
    return {"policy": json.dumps(found) if isinstance(found, dict) else found}


def _key(aws: Aws, inputs: Inputs) -> Made:
    made = aws.kms.create_key(Description=inputs["description"])["KeyMetadata"]
    if inputs["enableKeyRotation"]:
        aws.kms.enable_key_rotation(KeyId=made["KeyId"])
    return Made(made["KeyId"], made["Arn"])


def _read_key(aws: Aws, _inputs: Inputs, made: Made) -> Inputs:
    return {
        "description": aws.kms.describe_key(KeyId=made.id)["KeyMetadata"]["Description"],
        "enableKeyRotation": aws.kms.get_key_rotation_status(KeyId=made.id)["KeyRotationEnabled"],
    }


def _delete_key(aws: Aws, inputs: Inputs, made: Made) -> None:
    aws.kms.schedule_key_deletion(KeyId=made.id, PendingWindowInDays=inputs["deletionWindowInDays"])


def _alias(aws: Aws, inputs: Inputs) -> Made:
    aws.kms.create_alias(AliasName=inputs["name"], TargetKeyId=inputs["targetKeyId"])
    return Made(inputs["name"])


def _read_alias(aws: Aws, _inputs: Inputs, made: Made) -> Inputs:
    aliases = aws.kms.list_aliases()["Aliases"]
    return {"targetKeyId": next(each["TargetKeyId"] for each in aliases if each["AliasName"] == made.id)}


def _log_group(aws: Aws, inputs: Inputs) -> Made:
    aws.logs.create_log_group(logGroupName=inputs["name"])
    aws.logs.put_retention_policy(logGroupName=inputs["name"], retentionInDays=inputs["retentionInDays"])
    (found,) = aws.logs.describe_log_groups(logGroupNamePrefix=inputs["name"])["logGroups"]
    return Made(inputs["name"], found["arn"].removesuffix(":*"))


def _read_log_group(aws: Aws, _inputs: Inputs, made: Made) -> Inputs:
    (found,) = aws.logs.describe_log_groups(logGroupNamePrefix=made.id)["logGroups"]
    return {"name": found["logGroupName"], "retentionInDays": found["retentionInDays"]}


CLUSTER = (
    "name",
    "version",
    "roleArn",
    "kubernetesNetworkConfig",
    "accessConfig",
    "upgradePolicy",
    "zonalShiftConfig",
    "deletionProtection",
)


def _cluster(aws: Aws, inputs: Inputs) -> Made:
    made = aws.eks.create_cluster(
        **{name: inputs[name] for name in (*CLUSTER, "bootstrapSelfManagedAddons")},
        resourcesVpcConfig=inputs["vpcConfig"],
        logging={"clusterLogging": [{"types": inputs["enabledClusterLogTypes"], "enabled": True}]},
        encryptionConfig=[inputs["encryptionConfig"]],
    )["cluster"]
    return Made(inputs["name"], made["arn"])


def _read_cluster(aws: Aws, inputs: Inputs, made: Made) -> Inputs:
    found = aws.eks.describe_cluster(name=made.id)["cluster"]
    assert found["status"] == "ACTIVE", found["status"]
    place = {name: found["resourcesVpcConfig"][name] for name in inputs["vpcConfig"]}
    return {"name": found["name"], "version": found["version"], "roleArn": found["roleArn"], "vpcConfig": place}


def _delete_cluster(aws: Aws, inputs: Inputs, made: Made) -> None:
    if inputs["deletionProtection"]:
        try:
            aws.eks.update_cluster_config(name=made.id, deletionProtection=False)
        except aws.eks.exceptions.InvalidRequestException as error:  # ministack has no such call, and no protection
            if "No route" not in str(error):
                raise
    aws.eks.delete_cluster(name=made.id)


def _entry(aws: Aws, inputs: Inputs) -> Made:
    aws.eks.create_access_entry(**inputs)
    return Made(inputs["principalArn"])


def _read_entry(aws: Aws, inputs: Inputs, made: Made) -> Inputs:
    return {"type": aws.eks.describe_access_entry(clusterName=inputs["clusterName"], principalArn=made.id)["accessEntry"]["type"]}


def _access(aws: Aws, inputs: Inputs) -> Made:
    aws.eks.associate_access_policy(**inputs)
    return Made(inputs["principalArn"])


def _read_access(aws: Aws, inputs: Inputs, made: Made) -> Inputs:
    found = aws.eks.list_associated_access_policies(clusterName=inputs["clusterName"], principalArn=made.id)
    return {"policyArn": found["associatedAccessPolicies"][0]["policyArn"]}


def _delete_access(aws: Aws, inputs: Inputs, made: Made) -> None:
    aws.eks.disassociate_access_policy(clusterName=inputs["clusterName"], principalArn=made.id, policyArn=inputs["policyArn"])


def _addon(aws: Aws, inputs: Inputs) -> Made:
    names = ("clusterName", "addonName", "addonVersion", "configurationValues", "podIdentityAssociations")
    wanted = {name: inputs[name] for name in names if name in inputs}
    aws.eks.create_addon(**wanted, resolveConflicts=inputs["resolveConflictsOnCreate"])
    return Made(inputs["addonName"])


def _read_addon(aws: Aws, inputs: Inputs, made: Made) -> Inputs:
    found = aws.eks.describe_addon(clusterName=inputs["clusterName"], addonName=made.id)["addon"]
    return {"addonVersion": found["addonVersion"]}


GROUP = (
    "clusterName",
    "amiType",
    "capacityType",
    "instanceTypes",
    "labels",
    "releaseVersion",
    "scalingConfig",
    "taints",
    "updateConfig",
    "version",
)


def _nodes(aws: Aws, inputs: Inputs, name: str = "") -> Made:
    name = name or f"{inputs['nodeGroupNamePrefix']}1"
    wanted = {key: inputs[key] for key in (*GROUP, "nodeRepairConfig", "launchTemplate") if key in inputs}
    aws.eks.create_nodegroup(nodegroupName=name, nodeRole=inputs["nodeRoleArn"], subnets=inputs["subnetIds"], **wanted)
    groups = _described_nodes(aws, inputs, name).get("resources", {}).get("autoScalingGroups", [])
    return Made(name, facts={"autoscaling": groups[0]["name"]} if groups else {})


def _described_nodes(aws: Aws, inputs: Inputs, name: str) -> dict[str, Any]:
    found: dict[str, Any] = aws.eks.describe_nodegroup(clusterName=inputs["clusterName"], nodegroupName=name)["nodegroup"]
    return found


def _read_nodes(aws: Aws, inputs: Inputs, made: Made) -> Inputs:
    found = _described_nodes(aws, inputs, made.id)
    assert found["status"] == "ACTIVE", found["status"]
    return {name: found[name] for name in ("amiType", "capacityType", "instanceTypes", "labels", "scalingConfig") if name in inputs}


REPLACES = ("amiType", "capacityType", "instanceTypes", "subnetIds")
"""Arguments that EKS changes in no node group (pulumi_aws.eks.NodeGroup)."""

ROLLS = ("launchTemplate", "releaseVersion", "version")


def _change_nodes(aws: Aws, old: Inputs, inputs: Inputs, made: Made) -> None:
    if any(old[name] != inputs[name] for name in REPLACES):
        fresh = _nodes(aws, inputs, f"{made.id[:-1]}{int(made.id[-1]) + 1}")
        _delete_nodes(aws, old, made)
        made.id, made.facts = fresh.id, fresh.facts
        return
    named = {"clusterName": inputs["clusterName"], "nodegroupName": made.id}
    if any(old.get(name) != inputs.get(name) for name in ROLLS):
        aws.eks.update_nodegroup_version(**named, **{name: inputs[name] for name in ROLLS if name in inputs})
    if old["scalingConfig"] != inputs["scalingConfig"]:
        aws.eks.update_nodegroup_config(**named, scalingConfig=inputs["scalingConfig"])


def _delete_nodes(aws: Aws, inputs: Inputs, made: Made) -> None:
    aws.eks.delete_nodegroup(clusterName=inputs["clusterName"], nodegroupName=made.id)


def _tag(aws: Aws, inputs: Inputs) -> Made:
    aws.autoscaling.create_or_update_tags(Tags=[_tag_of(inputs)])
    return Made(inputs["autoscalingGroupName"])


def _tag_of(inputs: Inputs) -> dict[str, Any]:
    tag = inputs["tag"]
    named = {"ResourceId": inputs["autoscalingGroupName"], "ResourceType": "auto-scaling-group", "Key": tag["key"]}
    return {**named, "Value": tag["value"], "PropagateAtLaunch": tag["propagateAtLaunch"]}


def _read_tag(aws: Aws, inputs: Inputs, made: Made) -> Inputs:
    found = aws.autoscaling.describe_tags(Filters=[{"Name": "auto-scaling-group", "Values": [made.id]}])["Tags"]
    value = next(tag["Value"] for tag in found if tag["Key"] == inputs["tag"]["key"])
    return {"tag": {**inputs["tag"], "value": value}}


def _identity(aws: Aws, inputs: Inputs) -> Made:
    return Made(aws.eks.create_pod_identity_association(**inputs)["association"]["associationId"])


def _read_identity(aws: Aws, inputs: Inputs, made: Made) -> Inputs:
    found = aws.eks.describe_pod_identity_association(clusterName=inputs["clusterName"], associationId=made.id)["association"]
    return {name: found[name] for name in ("namespace", "serviceAccount", "roleArn")}


def _delete_identity(aws: Aws, inputs: Inputs, made: Made) -> None:
    aws.eks.delete_pod_identity_association(clusterName=inputs["clusterName"], associationId=made.id)


SERVICES = {
    "aws:autoscaling/tag:Tag": Kind(
        _tag,
        _read_tag,
        lambda aws, inputs, _: aws.autoscaling.delete_tags(Tags=[_tag_of(inputs)]),
        # A new group has a name of its own, and its tags with it.
        lambda aws, _, inputs, made: setattr(made, "id", _tag(aws, inputs).id),
    ),
    "aws:cloudwatch/logGroup:LogGroup": Kind(
        _log_group,
        _read_log_group,
        lambda aws, _, made: aws.logs.delete_log_group(logGroupName=made.id),
        lambda aws, _, inputs, made: aws.logs.put_retention_policy(logGroupName=made.id, retentionInDays=inputs["retentionInDays"]),
    ),
    "aws:eks/accessEntry:AccessEntry": Kind(
        _entry,
        _read_entry,
        lambda aws, inputs, made: aws.eks.delete_access_entry(clusterName=inputs["clusterName"], principalArn=made.id),
    ),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": Kind(_access, _read_access, _delete_access),
    "aws:eks/addon:Addon": Kind(
        _addon, _read_addon, lambda aws, inputs, made: aws.eks.delete_addon(clusterName=inputs["clusterName"], addonName=made.id)
    ),
    "aws:eks/cluster:Cluster": Kind(_cluster, _read_cluster, _delete_cluster),
    "aws:eks/nodeGroup:NodeGroup": Kind(_nodes, _read_nodes, _delete_nodes, _change_nodes),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": Kind(_identity, _read_identity, _delete_identity),
    "aws:iam/role:Role": Kind(_role, _read_role, lambda aws, _, made: aws.iam.delete_role(RoleName=made.id)),
    "aws:iam/rolePolicy:RolePolicy": Kind(
        _rights, _read_rights, lambda aws, inputs, made: aws.iam.delete_role_policy(RoleName=made.id, PolicyName=inputs["name"])
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Kind(
        _attach, _read_attachment, lambda aws, inputs, made: aws.iam.detach_role_policy(RoleName=made.id, PolicyArn=inputs["policyArn"])
    ),
    "aws:kms/alias:Alias": Kind(_alias, _read_alias, lambda aws, _, made: aws.kms.delete_alias(AliasName=made.id)),
    "aws:kms/key:Key": Kind(_key, _read_key, _delete_key),
}
"""Kinds by type token."""
