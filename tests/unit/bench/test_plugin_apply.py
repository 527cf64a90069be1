"""An update beside somebody else's writes. Everything else of it is seen on a real API server: tests/engine."""

from __future__ import annotations

from typing import Any, cast

import pytest

from bench.plugins.kubernetes.apply import Change
from bench.plugins.kubernetes.cluster import Cluster, ServedKind
from bench.plugins.kubernetes.errors import ApiError
from bench.plugins.kubernetes.tokens import Gvk

GVK = Gvk("policy", "v1", "PodDisruptionBudget")
BUDGET = {
    "apiVersion": "policy/v1",
    "kind": "PodDisruptionBudget",
    "metadata": {"name": "b", "namespace": "n"},
    "spec": {"minAvailable": 2},
}
CREATED = {"manager": "pulumi-kubernetes", "operation": "Update", "fieldsV1": {"f:spec": {"f:minAvailable": {}}}}


class Server:
    """One object that somebody else writes right after each of the first `writes` looks at it."""

    def __init__(self, writes: int) -> None:
        self._writes = writes
        self._version = 1
        self.applied = False

    def kind(self, gvk: Gvk) -> ServedKind:
        return ServedKind(gvk, "poddisruptionbudgets", namespaced=True)

    def request(self, method: str, _path: str, *, body: Any = None, content: str = "", **_query: str) -> Any:  # noqa: ANN401  # decoded JSON
        seen = {**BUDGET, "metadata": {"name": "b", "managedFields": [CREATED], "resourceVersion": str(self._version)}}
        if method == "GET" and self._writes:
            self._writes -= 1
            self._version += 1
        if content == "application/json-patch+json" and body[-1]["value"] != str(self._version):
            raise ApiError(409, "Conflict", "the object has been modified")
        self.applied |= content == "application/apply-patch+yaml"
        return seen


def update(server: Server) -> None:
    change = Change(GVK, BUDGET, BUDGET, "n", "b", "pulumi-kubernetes-1", [], force=False)
    change.apply(cast(Cluster, server), dry_run=False)


@pytest.mark.parametrize("writes", [0, 1, 4])
def test_an_object_that_a_controller_writes_meanwhile_is_looked_at_again(writes: int) -> None:
    server = Server(writes)
    update(server)
    assert server.applied


def test_one_that_never_rests_is_a_conflict() -> None:
    server = Server(writes=1000)
    with pytest.raises(ApiError, match="has been modified"):
        update(server)
    assert not server.applied
