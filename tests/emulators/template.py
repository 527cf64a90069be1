"""A CloudFormation template made of recorded resources, for a linter that knows CloudFormation's own schemas.

CloudFormation has no resource for the default security group's rules or for the tags of another's autoscaling group; these are left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from tests.emulators.references import ID, References
from tests.emulators.resource import Inputs, capitals, tags

Resource = dict[str, Any]
Template = dict[str, Any]

LEFT_OUT = {"aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", "aws:autoscaling/tag:Tag"}
RENAMED_SERVICES = {"autoscaling": "AutoScaling", "cloudwatch": "Logs", "vpc": "EC2"}
RENAMED_KINDS = {
    "Eip": "EIP",
    "NodeGroup": "Nodegroup",
    "RouteTableAssociation": "SubnetRouteTableAssociation",
    "SecurityGroupIngressRule": "SecurityGroupIngress",
    "Vpc": "VPC",
    "VpcEndpoint": "VPCEndpoint",
}
OWN_KEYS: Mapping[str, Mapping[str, str]] = {
    "Alias": {"name": "AliasName"},
    "FlowLog": {"iamRoleArn": "DeliverLogsPermissionArn", "vpcId": "ResourceId"},
    "Key": {"deletionWindowInDays": "PendingWindowInDays"},
    "LogGroup": {"name": "LogGroupName"},
    "NodeGroup": {"nodeGroupNamePrefix": "NodegroupName", "nodeRoleArn": "NodeRole", "subnetIds": "Subnets"},
    "Role": {"name": "RoleName", "assumeRolePolicy": "AssumeRolePolicyDocument"},
    "RolePolicy": {"name": "PolicyName", "policy": "PolicyDocument", "role": "RoleName"},
    "SecurityGroup": {"name": "GroupName", "description": "GroupDescription"},
    "SecurityGroupIngressRule": {"cidrIpv4": "CidrIp", "securityGroupId": "GroupId"},
}
"""Kind → the provider's key → CloudFormation's, where it is more than another first letter."""
DOCUMENTS = ("assumeRolePolicy", "policy")


def template(resources: list[Resource]) -> Template:
    """The template of resources as `tests/engine/test_aws_emulators.py` lists them: `type`, `name`, `inputs`, `arn`."""
    names = _Names(resources)
    made: dict[str, Any] = {}
    for each in resources:
        kind = _kind(each)
        if each["type"] in LEFT_OUT:
            continue
        if kind == "RolePolicyAttachment":
            _attach(made, names, each["inputs"])
        elif kind == "AccessPolicyAssociation":
            _associate(made, each["inputs"])
        else:
            made[_logical(each)] = _resource(names, each)
            if kind == "InternetGateway":
                made[f"{_logical(each)}Attachment"] = _attachment(names, each)
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": made}


class _Names(References):
    """References that stand in the template in place of ids and ARNs that the recording made up."""

    def __init__(self, resources: list[Resource]) -> None:
        self.ids = {(_kind(each), f"{each['name']}{ID}"): {"Ref": _logical(each)} for each in resources}
        self.texts = {each["arn"]: {"Fn::GetAtt": [_logical(each), "Arn"]} for each in resources}
        self.texts |= {each["facts"]["keyId"]: {"Ref": _logical(each)} for each in resources if "keyId" in each["facts"]}


def _logical(each: Resource) -> str:
    return "".join(re.findall("[A-Za-z0-9]+", f"{_kind(each)}-{each['name']}".title()))


def _kind(each: Resource) -> str:
    found: str = each["type"].rpartition(":")[2]
    return found


def _resource(names: _Names, each: Resource) -> Resource:
    kind = _kind(each)
    service = each["type"].split(":")[1].split("/")[0]
    name = f"AWS::{RENAMED_SERVICES.get(service, service.upper())}::{RENAMED_KINDS.get(kind, kind)}"
    inputs = names.real(SHAPED.get(kind, dict)(each["inputs"]))
    known = OWN_KEYS.get(kind, {})
    return {"Type": name, "Properties": {known.get(key) or _capital(key): _value(key, value) for key, value in inputs.items()}}


def _capital(key: str) -> str:
    return f"{key[0].upper()}{key[1:]}"


def _value(key: str, value: Any) -> Any:  # noqa: ANN401 - any JSON
    if key in DOCUMENTS:
        return json.loads(value)
    if key == "tags":
        return tags(value)
    return value if key in ("labels", "configurationValues") else capitals(value)


def _without(inputs: Inputs, *keys: str) -> Inputs:
    return {key: value for key, value in inputs.items() if key not in keys}


def _cluster(inputs: Inputs) -> Inputs:
    return {
        **_without(inputs, "enabledClusterLogTypes", "vpcConfig", "encryptionConfig", "bootstrapSelfManagedAddons"),
        "resourcesVpcConfig": inputs["vpcConfig"],
        "logging": {"clusterLogging": {"enabledTypes": [{"type": name} for name in inputs["enabledClusterLogTypes"]]}},
        "encryptionConfig": [inputs["encryptionConfig"]],
        "bootstrapSelfManagedAddons": inputs["bootstrapSelfManagedAddons"],
    }


def _addon(inputs: Inputs) -> Inputs:
    shaped = {**_without(inputs, "resolveConflictsOnCreate", "resolveConflictsOnUpdate", "preserve")}
    return {**shaped, "resolveConflicts": inputs["resolveConflictsOnUpdate"], "preserveOnDelete": inputs["preserve"]}


def _template(inputs: Inputs) -> Inputs:
    data = {**_without(inputs, "name", "updateDefaultVersion", "tagSpecifications")}
    data["tagSpecifications"] = [{**each, "tags": tags(each["tags"])} for each in inputs["tagSpecifications"]]
    return {"launchTemplateName": inputs["name"], "launchTemplateData": data}


SHAPED: Mapping[str, Callable[[Inputs], Inputs]] = {
    "Addon": _addon,
    "Cluster": _cluster,
    "FlowLog": lambda inputs: {**inputs, "resourceType": "VPC"},
    "InternetGateway": lambda inputs: _without(inputs, "vpcId"),
    "LaunchTemplate": _template,
    "NatGateway": lambda inputs: {"allocationId": "eipalloc-0123456789abcdef0", **inputs},
}
"""Kinds whose keys stand at another place in CloudFormation."""


def _attach(made: Template, names: _Names, inputs: Inputs) -> None:
    (role,) = [each for each in made.values() if each["Type"] == "AWS::IAM::Role" and each["Properties"]["RoleName"] == inputs["role"]]
    role["Properties"].setdefault("ManagedPolicyArns", []).append(names.real(inputs["policyArn"]))


def _associate(made: Template, inputs: Inputs) -> None:
    entries = [each["Properties"] for each in made.values() if each["Type"] == "AWS::EKS::AccessEntry"]
    (entry,) = [each for each in entries if each["PrincipalArn"] == inputs["principalArn"]]
    entry.setdefault("AccessPolicies", []).append(capitals({key: inputs[key] for key in ("policyArn", "accessScope")}))


def _attachment(names: _Names, each: Resource) -> Resource:
    properties = {"VpcId": names.real(each["inputs"]["vpcId"], "vpcId"), "InternetGatewayId": {"Ref": _logical(each)}}
    return {"Type": "AWS::EC2::VPCGatewayAttachment", "Properties": properties}
