"""Everything that every stack would write to a cluster is accepted by a real API server, with the CRDs of the pinned versions.

By server-side apply as a dry run, unknown fields refused. What Helm releases would write is of the charts' own making.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bench.plugins.kubernetes.cluster import Cluster
from tests import nodes
from tests.graph.recording import Graph
from tests.node import api_server
from tests.node.api_server import Object
from tests.node.recorded_stacks import STACKS, recorded

pytestmark = pytest.mark.node


def written(graph: Graph) -> dict[str, Object]:
    """The objects that the program itself describes, by key."""
    return {resource.key: resource.inputs for resource in graph if "apiVersion" in resource.inputs and resource.custom}


@pytest.fixture(scope="module")
def objects() -> dict[str, Object]:
    """Of all stacks. What two stacks have in common is tried once, under the first one's name."""
    found: dict[str, Object] = {}
    for stack in STACKS:
        for key, item in written(recorded(stack)).items():
            if item not in found.values():
                found[f"{stack}: {key}"] = item
    return found


@pytest.fixture(scope="module")
def cluster(objects: dict[str, Object]) -> Iterator[Cluster]:
    with api_server.running(nodes.PLATFORM) as server:
        api_server.prepare(server, objects.values())
        yield server


def test_every_object_of_every_stack_is_accepted(cluster: Cluster, objects: dict[str, Object]) -> None:
    kinds = {item["kind"] for item in objects.values()}
    assert {"InferenceService", "ServingRuntime", "StatefulSet", "Job"} <= kinds
    assert api_server.refusals(cluster, objects) == []


def test_what_no_schema_knows_is_refused(cluster: Cluster, objects: dict[str, Object]) -> None:
    """That the test above can fail: for a field that is unknown, one that is missing, and a rule of a CRD."""
    service = next(item for item in objects.values() if item["kind"] == "InferenceService")
    misspelt = {**service, "spec": {**service["spec"], "predictr": {}}}
    empty = {**service, "spec": {"predictor": {"minReplicas": "one"}}}
    refused = api_server.refusals(cluster, {"misspelt": misspelt, "wrong type": empty})
    assert "field not declared in schema" in refused[0]
    assert len(refused) == 2
