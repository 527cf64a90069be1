"""The inputs that the simulated aws plugin accepts or refuses, by the real SDK's classes and a service model."""

from __future__ import annotations

import asyncio
import gzip
import json
from pathlib import Path

import pytest
from pulumi.provider.experimental import provider as sdk

from bench.tests.aws_requests import ROLE_ARN, UNKNOWN, plugin, properties, secret

NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
ROLE = "aws:iam/role:Role"
POLICY = "aws:iam/policy:Policy"

SCALING = {"desiredSize": 1, "maxSize": 2, "minSize": 0}
NODES = {"clusterName": "gpu", "nodeRoleArn": ROLE_ARN, "subnetIds": ["subnet-1"], "scalingConfig": SCALING}


def check(token: str, inputs: dict[str, object], models: Path | None = None) -> list[str]:
    request = sdk.CheckRequest(f"urn:pulumi:s::p::a:b:C${token}::name", {}, properties(inputs), b"")
    response = asyncio.run(plugin(models).check(request))
    assert response.inputs == request.new_inputs
    return [failure.reason for failure in response.failures or []]


def check_provider(inputs: dict[str, object]) -> list[str]:
    request = sdk.CheckRequest("urn:pulumi:s::p::pulumi:providers:aws::name", {}, properties(inputs), b"")
    return [failure.reason for failure in asyncio.run(plugin().check_config(request)).failures or []]


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A service model with the parts of botocore's that describe a node group."""
    shapes = {
        "CreateNodegroupRequest": {
            "type": "structure",
            "members": {
                "amiType": {"shape": "AMITypes"},
                "nodegroupName": {"shape": "Name"},
                "taints": {"shape": "Taints"},
                "updateConfig": {"shape": "UpdateConfig"},
            },
        },
        "AMITypes": {"type": "string", "enum": [f"AMI_{number}" for number in range(20)]},
        "Name": {"type": "string", "pattern": "[0-9A-Za-z][A-Za-z0-9_-]*", "min": 2, "max": 8},
        "Taints": {"type": "list", "member": {"shape": "Taint"}},
        "Taint": {"type": "structure", "members": {"effect": {"shape": "Effect"}, "key": {"shape": "Odd"}}},
        "Effect": {"type": "string", "enum": ["NO_SCHEDULE", "NO_EXECUTE"]},
        "Odd": {"type": "string", "pattern": r"\p{L}+"},
        "UpdateConfig": {"type": "structure", "members": {"maxUnavailablePercentage": {"shape": "Percent"}}},
        "Percent": {"type": "integer", "min": 1, "max": 100},
    }
    (tmp_path / "eks.json.gz").write_bytes(gzip.compress(json.dumps({"shapes": shapes}).encode()))
    return tmp_path


@pytest.mark.parametrize(
    ("token", "inputs"),
    [
        (NODE_GROUP, NODES),
        (NODE_GROUP, {**NODES, "taints": [{"key": "gpu", "effect": "NO_SCHEDULE"}], "labels": {"any.key/at-all": "yes"}}),
        (NODE_GROUP, {**NODES, "diskSize": None, "__defaults": []}),
        ("aws:ec2/launchTemplate:LaunchTemplate", {"metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1}}),
        ("aws:lambda/alias:Alias", {"functionName": "f", "functionVersion": "1"}),
        (POLICY, {"policy": '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'}),
        (POLICY, {"policy": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:*"], "Resource": ["*"]}]}}),
    ],
)
def test_right_arguments_are_accepted(token: str, inputs: dict[str, object]) -> None:
    assert check(token, inputs) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"clusterName": None}, "cluster_name: required, but missing"),
        ({"scalingConfig": {"desiredSize": 1, "minSize": 0}}, "scaling_config.max_size: required, but missing"),
        ({"gpus": 8}, "gpus: no such argument; there are: cluster_name, "),
        ({"amy_type": "x"}, "amy_type: no such argument; did you mean ami_type?"),
        ({"scalingConfig": {**SCALING, "max": 1}}, "scaling_config.max: no such argument; did you mean max_size?"),
        ({"taints": [{"key": "a", "effect": "b"}, {"key": "a", "efect": "b"}]}, "taints[1].efect: no such argument; did you mean effect?"),
        ({"scalingConfig": {**SCALING, "maxSize": "2"}}, 'scaling_config.max_size: expected an integer, got the string "2"'),
        ({"diskSize": 1.5}, "disk_size: expected an integer, got the number 1.5"),
        ({"diskSize": True}, "disk_size: expected an integer, got a boolean"),
        ({"forceUpdateVersion": "true"}, 'force_update_version: expected a boolean, got the string "true"'),
        ({"subnetIds": "subnet-1"}, 'subnet_ids: expected a list, got the string "subnet-1"'),
        ({"subnetIds": [1]}, "subnet_ids[0]: expected a string, got the number 1"),
        ({"labels": {"a": 1}}, 'labels["a"]: expected a string, got the number 1'),
        ({"scalingConfig": []}, "scaling_config: expected an object, got a list"),
        ({"nodeRoleArn": "nodes"}, 'node_role_arn: "nodes" is not an ARN (arn:aws:service:region:account:resource)'),
    ],
)
def test_a_wrong_argument_is_refused_with_its_path_in_the_program(change: dict[str, object], reason: str) -> None:
    problems = check(NODE_GROUP, {**NODES, **change})
    assert any(problem.startswith(reason) for problem in problems), problems


def test_mistakes_are_reported_together() -> None:
    problems = check(NODE_GROUP, {"clusterName": 1, "subnetIds": [], "scalingConfig": {"desiredSize": "1"}})
    assert [problem.split(":")[0] for problem in problems] == [
        "cluster_name",
        "node_role_arn",
        "scaling_config.desired_size",
        "scaling_config.max_size",
        "scaling_config.min_size",
    ]


def test_a_snake_case_name_on_the_wire_says_why_it_is_not_understood() -> None:
    problems = check(NODE_GROUP, {**NODES, "scalingConfig": {"desired_size": 1, "maxSize": 1, "minSize": 1}})
    assert "scaling_config.desired_size: required, but missing" in problems
    assert any("it means desiredSize" in problem for problem in problems)


@pytest.mark.parametrize("where", ["clusterName", "scalingConfig", "subnetIds", "diskSize", "nodeRoleArn"])
def test_an_unknown_satisfies_every_argument(where: str) -> None:
    assert check(NODE_GROUP, {**NODES, where: UNKNOWN}) == []
    assert check(NODE_GROUP, {**NODES, where: secret(UNKNOWN)}) == []


def test_an_unknown_satisfies_nested_arguments() -> None:
    assert check(NODE_GROUP, {**NODES, "scalingConfig": {**SCALING, "maxSize": UNKNOWN}, "subnetIds": [UNKNOWN, "subnet-2"]}) == []


def test_a_resource_that_the_sdk_does_not_have_is_refused() -> None:
    assert check("aws:eks/cluster:Clutter", {}) == ["aws:eks/cluster:Clutter is not a resource of the installed pulumi-aws"]


@pytest.mark.parametrize("inputs", [{"diskSize": secret("hunter2")}, {"launchTemplate": secret({"version": "1", "id": 7231})}])
def test_a_secret_is_checked_and_not_quoted(inputs: dict[str, object]) -> None:
    (problem,) = check(NODE_GROUP, {**NODES, **inputs})
    assert "expected" in problem
    assert "hunter2" not in problem
    assert "7231" not in problem


@pytest.mark.parametrize(
    ("token", "inputs", "reason"),
    [
        (POLICY, {"policy": "{"}, "policy: the policy is not valid JSON: "),
        (POLICY, {"policy": "{}"}, 'policy: the policy has no "Statement"'),
        (POLICY, {"policy": '["Allow"]'}, 'policy: the policy has no "Statement"'),
        (POLICY, {"policy": '{"Statement": [{"Effect": "Alow", "Action": "*"}]}'}, 'policy: "Effect" of the policy\'s statement 0'),
        (ROLE, {"assumeRolePolicy": '{"Statement": {"Effect": "Allow"}}'}, "assume_role_policy: the policy's statement 0 has neither"),
        (POLICY, {"policy": {"Statment": []}}, "policy.Statment: no such argument; did you mean statement?"),
        (POLICY, {"policy": 1}, "policy: expected a string or an object, got the number 1"),
    ],
)
def test_a_policy_that_cannot_be_one_is_refused(token: str, inputs: dict[str, object], reason: str) -> None:
    problems = check(token, inputs)
    assert any(problem.startswith(reason) for problem in problems), problems


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"amiType": "AMI_33"}, 'ami_type: "AMI_33" is not one of: AMI_3, '),
        ({"amiType": secret("AMI_33")}, "ami_type: the secret value is not one of: AMI_3, "),
        ({"nodeGroupName": "-x"}, 'node_group_name: "-x" does not match [0-9A-Za-z]'),
        ({"nodeGroupName": "x"}, 'node_group_name: "x" has 1 characters, at least 2 needed'),
        ({"nodeGroupName": "x" * 9}, 'node_group_name: "xxxxxxxxx" has 9 characters, at most 8 allowed'),
        (
            {"taints": [{"key": "a", "effect": "NO_EXECUTE"}, {"key": "a", "effect": "Never"}]},
            'taints[1].effect: "Never" is not one of: NO_SCHEDULE, NO_EXECUTE',
        ),
        (
            {"updateConfig": {"maxUnavailablePercentage": 101}},
            "update_config.max_unavailable_percentage: 101 is out of range, at most 100 allowed",
        ),
    ],
)
def test_a_value_that_the_service_does_not_take_is_refused(models: Path, change: dict[str, object], reason: str) -> None:
    (problem,) = check(NODE_GROUP, {**NODES, **change}, models)
    assert problem.startswith(reason)


@pytest.mark.parametrize(
    "change", [{"amiType": "AMI_3"}, {"amiType": UNKNOWN}, {"amiType": ""}, {"nodeGroupName": "gpu-1"}, {"version": "1"}]
)
def test_a_value_that_the_service_takes_or_says_nothing_of_is_accepted(models: Path, change: dict[str, object]) -> None:
    assert check(NODE_GROUP, {**NODES, **change}, models) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"name": "a b"}, 'name: "a b" is not a queue\'s name: 1 to 80 letters, digits, - and _'),
        ({"messageRetentionSeconds": 30}, "message_retention_seconds: 30.0 is not between 60 and 1209600"),
        ({"name": "warnings", "messageRetentionSeconds": 300}, ""),
    ],
)
def test_a_queue_has_limits_that_its_service_model_lacks(change: dict[str, object], reason: str) -> None:
    assert check("aws:sqs/queue:Queue", change) == ([reason] if reason else [])


def test_a_pattern_of_another_dialect_is_no_reason_to_refuse(models: Path) -> None:
    assert check(NODE_GROUP, {**NODES, "taints": [{"key": "1", "effect": "NO_SCHEDULE"}]}, models) == []


def test_the_providers_own_arguments_are_checked() -> None:
    assert check_provider({"region": "eu-west-1", "allowedAccountIds": '["111122223333"]', "maxRetries": "3", "version": "7.51.1"}) == []
    assert check_provider({"defaultTags": '{"tags": {"a": "b"}}', "skipRegionValidation": "true"}) == []
    assert check_provider({"regoin": "x"}) == ["regoin: no such argument; did you mean region?"]
    assert check_provider({"defaultTags": '{"tag": {}}'}) == ["default_tags.tag: no such argument; did you mean tags?"]
    assert check_provider({"maxRetries": "many"}) == ['max_retries: expected an integer, got the string "many"']
    assert check_provider({"allowedAccountIds": "[1]"}) == ["allowed_account_ids[0]: expected a string, got the number 1"]
