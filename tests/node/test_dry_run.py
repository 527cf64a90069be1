"""Everything that every stack would write to a cluster is accepted by a real API server, with the CRDs of the pinned versions.

The server gets each object by server-side apply as a dry run and refuses unknown fields. Objects of Helm releases are left to the charts.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import nodes
from tests.node import api_server
from tests.node.api_server import Object
from tests.node.recorded_stacks import written

pytestmark = [pytest.mark.node, pytest.mark.parts]


@pytest.fixture(scope="module")
def objects() -> dict[str, Object]:
    return written()


@pytest.fixture(scope="module")
def kubectl(objects: dict[str, Object]) -> Iterator[nodes.Kubectl]:
    with api_server.running(nodes.CONTRACT) as server:
        api_server.prepare(server, objects.values())
        yield server


def test_every_object_of_every_stack_is_accepted(kubectl: nodes.Kubectl, objects: dict[str, Object]) -> None:
    kinds = {item["kind"] for item in objects.values()}
    assert {"InferenceService", "ServingRuntime", "HTTPRoute", "ScaledObject", "ServiceMonitor", "EnvoyProxy", "Image"} <= kinds
    assert api_server.refusals(kubectl, objects) == []


def test_what_no_schema_knows_is_refused(kubectl: nodes.Kubectl, objects: dict[str, Object]) -> None:
    """That the test above can fail: for a field that is unknown, and for one of the wrong type."""
    service = next(item for item in objects.values() if item["kind"] == "InferenceService")
    misspelt = {**service, "spec": {**service["spec"], "predictr": {}}}
    no_number = {**service, "spec": {"predictor": {"minReplicas": "one"}}}
    refused = api_server.refusals(kubectl, {"misspelt": misspelt, "no number": no_number})
    assert "field not declared in schema" in refused[0]
    assert len(refused) == 2
