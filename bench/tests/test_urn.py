"""Resources inside components: the SDK hands their type over with the parents' types in front."""

from __future__ import annotations

import asyncio

import pytest
from pulumi.provider.experimental import provider as sdk
from pulumi.provider.experimental.property_value import PropertyValue

from bench.plugins.random.provider import PASSWORD, RandomProvider

PARENTS = "inference-platform:platform:ModelStore$inference-platform:platform:Bootstrap$"


@pytest.mark.parametrize("parents", ["", PARENTS])
def test_a_password_is_a_secret_below_any_component(parents: str) -> None:
    urn = f"urn:pulumi:local::inference-platform::{parents}{PASSWORD}::root"
    request = sdk.CreateRequest(urn=urn, properties={"length": PropertyValue(20.0)}, timeout=60, preview=False)
    response = asyncio.run(RandomProvider().create(request))
    assert response.properties is not None
    assert response.properties["result"].is_secret
    assert response.resource_id == "none"
