"""The simulated aws plugin's preview of a resource: it makes nothing, and says that it is a simulation."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest
from pulumi.provider.experimental import provider as sdk

from bench.plugins.aws.provider import AwsProvider
from bench.plugins.errors import PluginError, Properties
from bench.tests.aws_requests import ROLE_ARN, UNKNOWN, Log, plugin, properties, secret, wire

CLUSTER = "aws:eks/cluster:Cluster"


def create(token: str, inputs: dict[str, object], *, preview: bool = True) -> Properties:
    request = sdk.CreateRequest(f"urn:pulumi:s::p::{token}::name", properties(inputs), 0, preview)
    response = asyncio.run(plugin().create(request))
    assert response.resource_id == ""
    return response.properties


def test_a_preview_has_the_inputs_and_unknowns_for_what_aws_fills_in() -> None:
    outputs = create(CLUSTER, {"roleArn": ROLE_ARN, "vpcConfig": {"subnetIds": ["subnet-1"]}, "tags": {"a": "b"}})
    assert outputs["roleArn"] == wire(ROLE_ARN)
    assert outputs["tags"] == wire({"a": "b"})
    assert {name for name, value in outputs.items() if value.value == UNKNOWN} >= {"arn", "endpoint", "version", "tagsAll"}
    assert "encryptionConfig" not in outputs  # nobody fills it in


def test_a_preview_completes_objects_with_unknowns() -> None:
    vpc = create(CLUSTER, {"roleArn": ROLE_ARN, "vpcConfig": {"subnetIds": ["subnet-1"]}})["vpcConfig"].value
    assert isinstance(vpc, Mapping)
    assert vpc["subnetIds"] == wire(["subnet-1"])
    assert vpc["clusterSecurityGroupId"] == wire(UNKNOWN)


def test_a_secret_stays_secret_in_a_preview() -> None:
    outputs = create(CLUSTER, {"roleArn": ROLE_ARN, "vpcConfig": secret({"subnetIds": ["subnet-1"]}), "name": secret("gpu")})
    assert outputs["name"] == secret("gpu")
    assert outputs["vpcConfig"].is_secret


def test_an_update_keeps_what_aws_filled_in() -> None:
    arn = wire("arn:aws:eks:eu-west-1:111122223333:cluster/gpu")
    old = properties({"name": "gpu", "roleArn": ROLE_ARN, "tags": {"a": "b"}, "vpcConfig": {"subnetIds": ["subnet-1"]}}) | {"arn": arn}
    new = properties({"name": "gpu", "roleArn": ROLE_ARN, "vpcConfig": {"subnetIds": [UNKNOWN]}})
    request = sdk.UpdateRequest(f"urn:pulumi:s::p::{CLUSTER}::name", "gpu", old, new, timeout=0, ignore_changes=[], preview=True)
    outputs = asyncio.run(plugin().update(request)).properties
    assert outputs is not None
    assert outputs["arn"] == arn
    assert "tags" not in outputs


def test_nothing_is_made() -> None:
    with pytest.raises(PluginError, match=r"creating aws:eks/cluster:Cluster: .* `pulumi plugin install resource aws 7\.51\.1`"):
        create(CLUSTER, {}, preview=False)
    with pytest.raises(PluginError, match="deleting aws:eks/cluster:Cluster: "):
        asyncio.run(plugin().delete(sdk.DeleteRequest(f"urn:pulumi:s::p::{CLUSTER}::name", "gpu", {}, 0)))


def test_it_says_once_that_it_is_a_simulation_and_what_is_left_unchecked(tmp_path: Path) -> None:
    async def two_calls(provider: AwsProvider) -> None:
        await provider.check_config(sdk.CheckRequest("urn:pulumi:s::p::pulumi:providers:aws::name", {}, {}, b""))
        await provider.configure(sdk.ConfigureRequest({}, {}, True, True))

    with_models, without = Log(), Log()
    asyncio.run(two_calls(plugin(tmp_path, with_models)))
    asyncio.run(two_calls(plugin(None, without)))
    assert [message.startswith("aws is simulated by the bench") for message in with_models.messages + without.messages] == [True, True]
    assert "not checked" not in with_models.messages[0]
    assert "allowed words and patterns are checked only after `python -m bench build`" in without.messages[0]
