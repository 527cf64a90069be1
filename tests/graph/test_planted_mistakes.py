"""The simulated aws plugin against all of dev and prod, and against mistakes in them. docs/measurements.md has the table."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pulumi.provider.experimental import provider as sdk

from bench import aws_models
from bench.plugins.aws.provider import AwsProvider
from bench.tests.aws_requests import plugin, properties
from tests.graph.planted import MISTAKES, Mistake
from tests.graph.stacks import recorded

PLUGIN: AwsProvider = plugin(aws_models.installed())


def refused(token: str, inputs: dict[str, Any]) -> list[str]:
    request = sdk.CheckRequest(f"urn:pulumi:s::p::a:b:C${token}::name", {}, properties(inputs), b"")
    return [failure.reason for failure in asyncio.run(PLUGIN.check(request)).failures or []]


@pytest.mark.slow
@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_what_the_stacks_declare_is_accepted(stack: str) -> None:
    on_aws = [resource for resource in recorded(stack) if resource.custom and resource.type.startswith("aws:")]
    assert len(on_aws) > 60
    assert not {resource.key: found for resource in on_aws if (found := refused(resource.type, resource.inputs))}


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.words)
def test_a_planted_mistake_is_refused(mistake: Mistake) -> None:
    if mistake.by_models and not aws_models.installed():
        pytest.skip("the service models come with `python -m bench build`")
    resource = recorded("prod").one(mistake.key)
    found = refused(resource.type, mistake.plant(resource.inputs))
    assert len(found) == 1, found
    print(f"| {mistake.words} | `{found[0]}` |")
