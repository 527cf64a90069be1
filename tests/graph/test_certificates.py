"""cert-manager's three Deployments, as the environment wants them."""

from __future__ import annotations

from typing import Any

import pytest

from components.artifacts import Mirror
from components.platform.cert_manager import CertManager, CertManagerArgs
from components.scheduling import Quantities, Resources, Toleration, Workload
from tests.graph.recording import Graph, record_component


def recorded(**args: Any) -> Graph:  # noqa: ANN401 - any argument of the component
    return record_component(lambda: CertManager("cert-manager", CertManagerArgs(mirror=Mirror(), **args)))


def deployments(graph: Graph) -> dict[str, dict[str, Any]]:
    """The controller's values stand at the top of the chart's."""
    values = graph.one("Release/cert-manager").inputs["values"]
    return {"controller": values, "webhook": values["webhook"], "cainjector": values["cainjector"]}


def test_one_replica_has_no_budget_that_would_block_a_drain() -> None:
    for deployment in deployments(recorded()).values():
        assert deployment["replicaCount"] == 1
        assert "podDisruptionBudget" not in deployment
        assert deployment["topologySpreadConstraints"] == []


@pytest.mark.parametrize("part", ["controller", "webhook", "cainjector"])
def test_several_replicas_are_spread_and_leave_one_at_a_time(part: str) -> None:
    deployment = deployments(recorded(workload=Workload(replicas=3)))[part]
    assert deployment["replicaCount"] == 3
    assert deployment["podDisruptionBudget"] == {"enabled": True, "maxUnavailable": 1}
    zones, hosts = deployment["topologySpreadConstraints"]
    assert (zones["topologyKey"], hosts["topologyKey"]) == ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
    assert zones["labelSelector"] == {"matchLabels": {"app.kubernetes.io/component": part}}, "the pods of the others would count too"


def test_all_three_run_where_the_workload_says() -> None:
    workload = Workload(node_selector={"role": "system"}, tolerations=[Toleration(key="dedicated")], timeout_seconds=450)
    graph = recorded(workload=workload)
    for deployment in deployments(graph).values():
        assert deployment["nodeSelector"] == {"role": "system"}
        assert deployment["tolerations"] == [{"key": "dedicated", "operator": "Exists"}]
    assert graph.one("Release/cert-manager").inputs["timeout"] == 450


def test_resources_are_the_controllers_and_the_charts_own_unless_given() -> None:
    assert "resources" not in deployments(recorded())["controller"]
    resources = Resources(requests=Quantities(cpu="100m", memory="128Mi"), limits=Quantities(memory="256Mi"))
    found = deployments(recorded(workload=Workload(resources=resources)))
    assert found["controller"]["resources"] == resources.fields()
    assert "resources" not in found["webhook"]
