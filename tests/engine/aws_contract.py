"""The simulated aws plugin on the real engine: what a preview shows, what it refuses, and that nothing is ever made.

Needs the Pulumi CLI and neither an API server nor an account.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from bench import aws_models, build
from bench.environment import PLUGINS, missing_clients, own_path, path_entries
from bench.plugins.aws.check import Leaf
from bench.plugins.aws.service_models import ServiceModels
from bench.plugins.aws.table import TABLE
from tests.engine import program_aws
from tests.engine.harness import Run, Stack

pytestmark = pytest.mark.engine

NOTICE = "aws is simulated by the bench"
INSTALL = f"pulumi plugin install resource aws {version('pulumi-aws')}"

Open = Callable[[str], Stack]


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment with Pulumi and with our plugin, whether or not the official one is installed here."""
    search = own_path(os.environ["PATH"])
    if missing_clients(search, ["pulumi"]):
        build.ensure(["pulumi", "pulumi-language-python"])
    aws_models.ensure()
    entries = [str(PLUGINS / "aws"), *path_entries(search, tmp_path_factory.mktemp("home"), ["pulumi"])]
    return {**os.environ, "PATH": os.pathsep.join([*entries, search])}


def open_stack(folder: Path, tools: dict[str, str], case: str) -> Stack:
    return Stack(folder, tools, partial(program_aws.declare, case))


@pytest.fixture
def stack_of(tmp_path: Path, tools: dict[str, str]) -> Open:
    return partial(open_stack, tmp_path, tools)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory, tools: dict[str, str]) -> Run:
    """The preview of a program without a mistake."""
    run = open_stack(tmp_path_factory.mktemp("good"), tools, "good").preview([])
    assert run.code == 0, run.text
    return run


def test_a_preview_says_once_that_it_is_a_simulation(good: Run) -> None:
    assert good.text.count(NOTICE) == 1


def test_a_preview_shows_what_would_be_created(good: Run) -> None:
    made = {"vpc", "subnet", "role", "cluster", "rule", "template", "nodes"}
    assert good.changed() == {name: {"create"} for name in made}


def test_what_aws_will_fill_in_is_unknown_where_it_is_used(good: Run) -> None:
    for argument in ("vpcId", "nodeRoleArn", "securityGroupId"):
        assert re.search(rf"{argument} *: \[unknown\]", good.text), argument


def test_a_secret_is_not_shown(good: Run) -> None:
    assert re.search(r"userData *: \[secret\]", good.text)
    assert "aHVudGVyMg" not in good.text


def test_mistakes_inside_an_argument_are_reported_together_with_their_paths(stack_of: Open) -> None:
    run = stack_of("misspelt").preview([])
    assert run.code != 0
    assert 'scaling_config.desired_size: expected an integer, got the string "1"' in run.text
    assert "scaling_config.max_size: required, but missing" in run.text
    assert "scaling_config.max: no such argument; did you mean max_size?" in run.text


def test_words_that_aws_does_not_know_are_refused(stack_of: Open) -> None:
    run = stack_of("wrong-word").preview([])
    assert run.code != 0
    assert 'taints[0].effect: "NoSchedule" is not one of: NO_SCHEDULE, NO_EXECUTE, PREFER_NO_SCHEDULE' in run.text
    assert 'ami_type: "AL2023_x86_64_NVIDA" is not one of: AL2023_x86_64_NVIDIA, ' in run.text


def test_a_managed_endpoint_is_previewed(stack_of: Open) -> None:
    run = stack_of("endpoint").preview([])
    assert run.code == 0, run.text
    kinds = ("chat", "chat-AllTraffic", "chat-AllTraffic-failures", "chat-AllTraffic-latency", "chat-endpoint-volumes")
    assert {name: run.operations[name] for name in kinds} == {name: {"create"} for name in kinds}


@pytest.mark.parametrize(
    ("case", "command", "what"),
    [
        ("bare", Stack.up, "creating aws:ec2/vpc:Vpc"),
        ("adopted", Stack.preview, "reading aws:ec2/vpc:Vpc"),
        ("function", Stack.preview, "calling aws:index/getCallerIdentity:getCallerIdentity"),
    ],
)
def test_what_needs_an_account_is_refused(stack_of: Open, case: str, command: Callable[[Stack, list[Any]], Run], what: str) -> None:
    run = command(stack_of(case), [])
    assert run.code != 0
    assert f"{what}: this is the bench's simulation of aws" in run.text
    assert INSTALL in run.text
    assert "provider/experimental/server.py" not in run.text


def test_what_exists_is_updated_where_its_arguments_changed_and_keeps_what_aws_filled_in(stack_of: Open) -> None:
    stack = stack_of("bare")
    adopt(stack, tags={"case": "bare"})
    assert stack.preview([]).operations == {"vpc": {"same"}}
    adopt(stack, tags={"case": "another"})
    run = stack.preview([])
    assert run.code == 0, run.text
    assert run.operations == {"vpc": {"update"}}
    assert run.paths == {"vpc": {"tags.case"}}


def adopt(stack: Stack, tags: dict[str, str]) -> None:
    """Put a VPC into the state, as if the official plugin had made it."""
    prefix = "urn:pulumi:test::provider-contract::"
    provider = {"urn": f"{prefix}pulumi:providers:aws::aws", "type": "pulumi:providers:aws", "id": "0", "custom": True}
    provider["inputs"] = {
        "region": "eu-west-1",
        "defaultTags": '{"tags": {"stack": "test"}}',
        "skipCredentialsValidation": "false",
        "skipRegionValidation": "true",
        "version": version("pulumi-aws"),
    }
    inputs = {"cidrBlock": "10.0.0.0/16", "tags": tags}
    vpc = {"urn": f"{prefix}aws:ec2/vpc:Vpc::vpc", "type": "aws:ec2/vpc:Vpc", "id": "vpc-0123456789abcdef0", "custom": True}
    vpc |= {"inputs": inputs, "outputs": {**inputs, "arn": "arn:aws:ec2:eu-west-1::vpc/vpc-0"}, "provider": f"{provider['urn']}::0"}
    exported = json.loads(stack._pulumi("stack", "export").stdout)
    exported["deployment"]["resources"] = [provider, vpc]
    (stack.folder / "state.json").write_text(json.dumps(exported))
    imported = stack._pulumi("stack", "import", "--force", "--file", "state.json")
    assert imported.returncode == 0, imported.stderr


WRONG: dict[str, tuple[str, str | float]] = {
    "aws:appautoscaling/policy:Policy": ("policyType", "TargetTracking"),
    "aws:appautoscaling/target:Target": ("serviceNamespace", "SageMaker"),
    "aws:cloudwatch/logGroup:LogGroup": ("name", "no spaces"),
    "aws:cloudwatch/metricAlarm:MetricAlarm": ("comparisonOperator", "GreaterThan"),
    "aws:ec2/eip:Eip": ("domain", "VPC"),
    "aws:ec2/flowLog:FlowLog": ("trafficType", "all"),
    "aws:ec2/launchTemplate:LaunchTemplate": ("metadataOptions.httpTokens", "yes"),
    "aws:cloudwatch/eventRule:EventRule": ("state", "ON"),
    "aws:cloudwatch/eventTarget:EventTarget": ("targetId", "a target"),
    "aws:ec2/natGateway:NatGateway": ("connectivityType", "open"),
    "aws:ec2/vpc:Vpc": ("instanceTenancy", "shared"),
    "aws:ec2/vpcEndpoint:VpcEndpoint": ("vpcEndpointType", "gateway"),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": ("accessScope.type", "all"),
    "aws:eks/addon:Addon": ("resolveConflictsOnUpdate", "overwrite"),
    "aws:eks/cluster:Cluster": ("enabledClusterLogTypes[]", "apis"),
    "aws:eks/nodeGroup:NodeGroup": ("updateConfig.maxUnavailablePercentage", 101.0),
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": ("url", "x" * 256),
    "aws:iam/policy:Policy": ("path", "team"),
    "aws:iam/role:Role": ("maxSessionDuration", 60.0),
    "aws:iam/rolePolicy:RolePolicy": ("name", "a policy"),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": ("role", "a/role"),
    "aws:kms/alias:Alias": ("name", "alias with spaces"),
    "aws:kms/key:Key": ("keyUsage", "ENCRYPT"),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": ("rules[].transitions[].storageClass", "STANDARD"),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": ("rule.objectOwnership", "Enforced"),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        "rules[].applyServerSideEncryptionByDefault.sseAlgorithm",
        "aws:kmss",
    ),
    "aws:sagemaker/endpoint:Endpoint": ("deploymentConfig.blueGreenUpdatePolicy.trafficRoutingConfiguration.type", "CANNARY"),
    "aws:sagemaker/endpointConfiguration:EndpointConfiguration": ("productionVariants[].routingConfigs[].routingStrategy", "LEAST"),
    "aws:sagemaker/model:Model": ("primaryContainer.modelDataSource.s3DataSources[].s3DataType", "S3Folder"),
}


@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize("token", TABLE)
def test_the_pinned_service_models_refuse_a_wrong_value_for_every_resource_of_the_table(token: str) -> None:
    wire, wrong = WRONG[token]
    assert list(ServiceModels(aws_models.installed()).problems(token, Leaf(wire, wire, wrong, secret=False)))
