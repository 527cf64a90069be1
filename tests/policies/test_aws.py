"""Every rule for AWS: one change to a good stack breaks exactly that rule, and a value that nobody knows yet passes none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from policies.rules import aws
from tests.graph.stacks import recorded
from tests.policies.analyzer_harness import UNKNOWN, Finding, Registered, findings
from tests.policies.good_aws import ABSENT, KARPENTER, TAGS, document, stack

BROKEN: list[tuple[str, str, str, Any, str]] = [
    ("eks-endpoint-closed", "cluster", "vpcConfig/publicAccessCidrs", ABSENT, "opens the API server to everybody"),
    ("eks-endpoint-closed", "cluster", "vpcConfig/publicAccessCidrs", ["192.0.2.0/24", "0.0.0.0/0"], "has 0.0.0.0/0"),
    ("eks-private-endpoint", "cluster", "vpcConfig/endpointPrivateAccess", False, "endpointPrivateAccess is off"),
    ("eks-secrets-encrypted", "cluster", "encryptionConfig", ABSENT, "no KMS key"),
    ("eks-secrets-encrypted", "cluster", "encryptionConfig/resources", [], "no KMS key"),
    ("eks-control-plane-logs", "cluster", "enabledClusterLogTypes", ["api"], "lacks audit, authenticator"),
    ("eks-access-entries", "cluster", "accessConfig/authenticationMode", "API_AND_CONFIG_MAP", "API_AND_CONFIG_MAP"),
    ("eks-no-creator-admin", "cluster", "accessConfig/bootstrapClusterCreatorAdminPermissions", ABSENT, "administrator for ever"),
    ("eks-deletion-protected", "cluster", "deletionProtection", False, "deletionProtection is off"),
    ("eks-standard-support", "cluster", "upgradePolicy", ABSENT, "EXTENDED"),
    ("eks-addons-pinned", "vpc-cni", "addonVersion", "latest", '"latest"'),
    ("eks-addons-pinned", "vpc-cni", "addonVersion", ABSENT, "missing"),
    ("node-instance-types", "gpu", "instanceTypes", ["m7i.xlarge"], "none of the GPU types"),
    ("node-instance-types", "gpu", "amiType", "AL2023_x86_64_STANDARD", "has GPUs"),
    ("gpu-pool-tainted", "gpu", "taints", [], "no taint nvidia.com/gpu with the effect NoSchedule"),
    ("gpu-pool-tainted", "gpu", "taints/0/effect", "PREFER_NO_SCHEDULE", "no taint nvidia.com/gpu with"),
    ("node-image-pinned", "gpu", "releaseVersion", ABSENT, "releaseVersion is missing"),
    ("gpu-on-demand-in-prod", "gpu", "capacityType", "SPOT", "so is that of all GPU pools"),
    ("empty-pool-described", "tag-gpus", "", None, "resources/nvidia.com/gpu"),
    ("empty-pool-described", "gpu", "labels", {"workload-type": "inference", "team": "a"}, "label/team"),
    ("node-credentials-kept", "gpu-template", "metadataOptions/httpPutResponseHopLimit", 2, "is 2, not 1"),
    ("node-credentials-kept", "system-template", "metadataOptions/httpTokens", "optional", "httpTokens is not required"),
    ("node-disks-encrypted", "gpu-template", "blockDeviceMappings/0/ebs/encrypted", "false", "/dev/xvda is not encrypted"),
    ("node-disks-encrypted", "gpu-template", "blockDeviceMappings/0/ebs/volumeType", "gp2", "gp2, not gp3"),
    ("node-disks-encrypted", "gpu-template", "blockDeviceMappings", ABSENT, "blockDeviceMappings is empty"),
    ("nodes-tagged", "gpu-template", "tagSpecifications/1/tags/owner", ABSENT, "volume lacks the tags owner"),
    ("nodes-without-ssh", "system", "remoteAccess", {"ec2SshKey": "mine"}, "opens SSH"),
    ("nodes-without-ssh", "system", "launchTemplate", ABSENT, "no launchTemplate"),
    ("storage-class-encrypted", "gp3", "parameters/encrypted", ABSENT, "in the clear"),
    ("no-ingress-from-anywhere", "https", "cidrIpv4", "0.0.0.0/0", "cidrIpv4 lets 0.0.0.0/0 in"),
    ("no-ingress-from-anywhere", "group", "ingress/0/cidrBlocks", ["0.0.0.0/0"], "ingress[0].cidrBlocks lets 0.0.0.0/0 in"),
    ("no-ingress-from-anywhere", "old-rule", "cidrBlocks", ["::/0"], "lets ::/0 in"),
    ("no-public-addresses", "private", "mapPublicIpOnLaunch", True, "a public address"),
    ("vpc-flow-logs", "flow-log", "", None, "has no flow log"),
    ("vpc-flow-logs", "flow-log", "trafficType", "REJECT", "REJECT"),
    ("log-groups-expire", "logs", "retentionInDays", ABSENT, "for ever"),
    ("aws-default-tags", "aws", "defaultTags", json.dumps({"tags": {**TAGS, "owner": ""}}), "lacks owner"),
    ("iam-no-star", "rights", "policy", document(Action="*", Resource="arn:aws:s3:::models"), "allows *"),
    ("iam-no-star", "rights", "policy", document(Action=["s3:GetObject", "ec2:*"], Resource=["*"]), "allows ec2:* on everything"),
    ("iam-no-star", "rights", "policy", document(NotAction="iam:*", Resource="*"), "everything except the named items"),
    (
        "iam-no-star",
        "role",
        "inlinePolicies",
        [{"name": "all", "policy": document(Action="*", Resource="*")}],
        "inlinePolicies[0]: statement 0",
    ),
    ("iam-named-principals", "role", "assumeRolePolicy", document(Action="sts:AssumeRole", Principal={"AWS": "*"}), "everybody"),
    ("iam-named-principals", "bucket-policy", "policy", "merged below", "everybody"),
    ("kms-keys-rotated", "key", "enableKeyRotation", ABSENT, "enableKeyRotation is off"),
    ("s3-versioned", "versions", "versioningConfiguration/status", "Suspended", "keeps no versions"),
    ("s3-encrypted", "encryption", "rules/0/applyServerSideEncryptionByDefault/sseAlgorithm", "AES256", "KMS"),
    ("s3-public-access-blocked", "wall", "blockPublicPolicy", False, "blockPublicPolicy"),
    ("s3-public-access-blocked", "wall", "", None, "blockPublicAcls"),
    ("s3-tls-only", "bucket-policy", "policy", json.dumps({"Statement": []}), "without TLS"),
    ("endpoint-model-isolated", "managed-model", "enableNetworkIsolation", ABSENT, "enableNetworkIsolation is off"),
    ("endpoint-model-isolated", "managed-model", "vpcConfig", ABSENT, "vpcConfig is missing"),
    ("endpoint-env-no-secret", "managed-model", "primaryContainer/environment", {"HF_TOKEN": "hunter2"}, "environment.HF_TOKEN looks like"),
    ("endpoint-volume-encrypted", "managed", "kmsKeyArn", ABSENT, "ml.m5.large has a volume"),
    ("endpoint-rolls-back", "managed-endpoint", "deploymentConfig/autoRollbackConfiguration", ABSENT, "has no alarm"),
    ("endpoint-rolls-back", "managed-endpoint", "deploymentConfig/autoRollbackConfiguration/alarms", [], "has no alarm"),
]
BOTH = json.dumps(
    {
        "Statement": [
            {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
            {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"},
        ]
    }
)
NODE = "spec/template/spec"
BROKEN_KARPENTER: list[tuple[str, str, str, Any, str]] = [
    ("node-instance-types", "pool", f"{NODE}/requirements/0/values/0", "m7i.xlarge", "m7i.xlarge is none of the GPU types"),
    ("node-instance-types", "pool", f"{NODE}/requirements/0/operator", "NotIn", "names no instance types"),
    ("gpu-pool-tainted", "pool", f"{NODE}/taints", ABSENT, "no taint nvidia.com/gpu"),
    ("gpu-pool-tainted", "pool", f"{NODE}/taints/0/effect", "PreferNoSchedule", "no taint nvidia.com/gpu"),
    ("gpu-on-demand-in-prod", "pool", f"{NODE}/requirements/1/values/1", "spot", "its capacity is spot"),
    ("karpenter-pool-limited", "pool", "spec/limits/nodes", ABSENT, "spec.limits.nodes is missing"),
    ("karpenter-image-pinned", "class", "spec/amiSelectorTerms/0/alias", "al2023@latest", "finds newer images"),
    ("karpenter-image-pinned", "class", "spec/amiSelectorTerms/0", {"tags": {"team": "mine"}}, "finds newer images"),
    ("node-credentials-kept", "class", "spec/metadataOptions/httpPutResponseHopLimit", 2, "is 2, not 1"),
    ("node-credentials-kept", "class", "spec/metadataOptions/httpTokens", "optional", "httpTokens is not required"),
    ("node-disks-encrypted", "class", "spec/blockDeviceMappings/0/ebs/encrypted", False, "/dev/xvda is not encrypted"),
    ("node-disks-encrypted", "class", "spec/blockDeviceMappings", ABSENT, "blockDeviceMappings is empty"),
    ("nodes-tagged", "class", "spec/tags/owner", ABSENT, "instance lacks the tags owner"),
]
PRESENCE = {
    *(("nodes-without-ssh", path) for path in ("remoteAccess", "launchTemplate")),
    ("endpoint-model-isolated", "vpcConfig"),
    ("endpoint-volume-encrypted", "kmsKeyArn"),
}
"""Rules that ask only if the property is there."""


def of(rule: str, resources: list[Registered], stack_name: str = "prod") -> list[Finding]:
    return [finding for finding in findings(resources, stack_name, aws.RULES) if finding.rule == rule]


def test_nothing_is_wrong_with_the_good_stack() -> None:
    assert findings(stack(), "prod", aws.RULES) == []


@pytest.mark.parametrize(("rule", "resource", "path", "value", "says"), BROKEN, ids=lambda value: value if isinstance(value, str) else "")
def test_one_change_breaks_one_rule(rule: str, resource: str, path: str, value: Any, says: str) -> None:  # noqa: ANN401
    found = findings(stack(resource, path, BOTH if value == "merged below" else value), "prod", aws.RULES)
    assert {finding.rule for finding in found} == {rule}
    assert all(says in finding.message and "Fix: " in finding.message for finding in found), found
    named = {"tag-gpus": "gpu", "flow-log": "network" if not path else "flow-log"}.get(resource, resource.removesuffix("-template"))
    assert all(name in finding.message for finding in found for name in ([named] if not rule.startswith("s3") else ["models"]))


@pytest.mark.parametrize(("rule", "resource", "path", "value", "says"), BROKEN_KARPENTER)
def test_one_change_of_karpenters_nodes_breaks_one_rule(rule: str, resource: str, path: str, value: Any, says: str) -> None:  # noqa: ANN401
    assert findings(stack(good=KARPENTER), "prod", aws.RULES) == []
    found = findings(stack(resource, path, value, good=KARPENTER), "prod", aws.RULES)
    assert {finding.rule for finding in found} == {rule}
    assert says in found[0].message
    unknown = [finding for finding in findings(stack(resource, path, UNKNOWN, good=KARPENTER), "prod", aws.RULES) if finding.rule == rule]
    assert unknown
    assert all("could not evaluate" in finding.message for finding in unknown)


@pytest.mark.parametrize(
    ("rule", "resource", "path"),
    sorted(
        {
            (rule, resource, path)
            for rule, resource, path, *_ in BROKEN
            if path and (rule, path) not in PRESENCE and path != "encryptionConfig"
        }
    ),
)
def test_what_nobody_knows_passes_no_rule(rule: str, resource: str, path: str) -> None:
    found = of(rule, stack(resource, path, UNKNOWN))
    assert len(found) >= 1
    assert all("could not evaluate" in finding.message for finding in found)


def test_a_key_that_is_not_made_yet_is_a_key() -> None:
    assert of("eks-secrets-encrypted", stack("cluster", "encryptionConfig/provider/keyArn", UNKNOWN)) == []
    assert of("endpoint-volume-encrypted", stack("managed", "kmsKeyArn", UNKNOWN)) == []


@pytest.mark.parametrize("variant", [{"instanceType": "ml.g6.xlarge"}, {"serverlessConfig": {"memorySizeInMb": 2048, "maxConcurrency": 5}}])
def test_a_disk_of_the_instance_itself_and_no_disk_want_no_key(variant: dict[str, object]) -> None:
    configuration = Registered("aws:sagemaker/endpointConfiguration:EndpointConfiguration", "managed", {"productionVariants": [variant]})
    assert findings([configuration], "prod", aws.RULES) == []


def rights(**statement: object) -> list[Finding]:
    """A document that is given as an object, with a part that is not known."""
    return of("iam-no-star", stack("rights", "policy", {"Statement": [{"Effect": "Allow", **statement}]}))


def test_a_document_may_leave_open_what_the_rest_of_it_settles() -> None:
    assert rights(Action=["kms:Decrypt"], Resource=[UNKNOWN]) == []
    (found,) = rights(Action=["*"], Resource=UNKNOWN)
    assert "allows * on whatever it names" in found.message


@pytest.mark.parametrize(
    "statement", [{"Action": ["kms:*"], "Resource": [UNKNOWN]}, {"Action": UNKNOWN, "Resource": ["arn:aws:s3:::models"]}]
)
def test_a_document_that_leaves_open_what_it_allows_passes_no_rule(statement: dict[str, object]) -> None:
    (found,) = rights(**statement)
    assert "could not evaluate: policy.Statement[0]" in found.message


def test_production_is_protected_by_pulumi_as_well() -> None:
    (found,) = findings(stack(unprotected="cluster"), "prod", aws.RULES)
    assert found.rule == "eks-deletion-protected"
    assert "Pulumi does not protect it" in found.message


@pytest.mark.parametrize(
    ("resource", "path", "value"),
    [
        ("gpu", "capacityType", "SPOT"),
        ("gpu", "releaseVersion", ABSENT),
        ("cluster", "deletionProtection", False),
        ("managed-model", "enableNetworkIsolation", False),
    ],
)
def test_dev_may_do_what_production_may_not(resource: str, path: str, value: object) -> None:
    assert findings(stack(resource, path, value), "dev", aws.RULES) == []


def test_spot_beside_on_demand_is_fine_in_production() -> None:
    (spot,) = [resource for resource in stack("gpu", "capacityType", "SPOT") if (resource.type, resource.name) == SECOND]
    assert of("gpu-on-demand-in-prod", [*stack(), Registered(spot.type, "burst", spot.inputs)]) == []


SECOND = ("aws:eks/nodeGroup:NodeGroup", "gpu")


def test_every_rule_is_broken_by_some_change() -> None:
    assert {rule for rule, *_ in [*BROKEN, *BROKEN_KARPENTER]} == {rule.name for rule in aws.RULES}


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_the_committed_stacks_break_no_rule(name: str) -> None:
    resources = [Registered(each.type, each.name, each.inputs, each.protect) for each in recorded(name) if each.custom]
    assert findings(resources, name, aws.RULES) == []


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_the_autoscaler_owns_the_size_of_every_node_group(name: str) -> None:
    groups = recorded(name).of_kind("NodeGroup")
    assert len(groups) == 2
    assert all("scalingConfig.desiredSize" in group.ignore_changes for group in groups)
