"""How the Deployments of a release manifest run: one owner of the replicas, placement, and what a drain may take."""

from __future__ import annotations

from components.manifest_workloads import run
from components.manifests import Objects, pod
from components.scheduling import HOST, ZONE, Toleration, Workload
from tests.release_manifests import autoscaler, budget, deployment

GPU = Toleration(key="nvidia.com/gpu", effect="NoSchedule")


def objects() -> Objects:
    return Objects(
        [
            deployment("activator", "a", "main"),
            deployment("controller", "a", "main"),
            autoscaler("activator", "a"),
            autoscaler("controller", "elsewhere"),
            budget("activator-pdb", "activator", "a"),
            budget("activator-pdb", "activator", "elsewhere"),
        ],
        "thing",
    )


def test_replicas_have_one_owner() -> None:
    found = objects()
    run(found, Workload(replicas=3))
    assert "replicas" not in found.one("Deployment", "activator")["spec"]
    assert found.one("HorizontalPodAutoscaler", "activator")["spec"] | {"scaleTargetRef": {}} == {
        "minReplicas": 3,
        "maxReplicas": 5,
        "scaleTargetRef": {},
    }
    assert found.one("Deployment", "controller")["spec"]["replicas"] == 3
    assert found.one("HorizontalPodAutoscaler", "controller")["spec"]["minReplicas"] == 1


def test_an_autoscaler_can_reach_its_own_least() -> None:
    found = objects()
    run(found, Workload(replicas=7))
    assert found.one("HorizontalPodAutoscaler", "activator")["spec"]["maxReplicas"] == 7


def test_several_replicas_give_way_one_at_a_time_and_stand_apart() -> None:
    found = objects()
    run(found, Workload(replicas=2))
    budgets = {(each["metadata"]["namespace"], each["metadata"]["name"]): each["spec"] for each in found.of_kind("PodDisruptionBudget")}
    assert budgets.keys() == {("a", "activator"), ("a", "controller"), ("elsewhere", "activator-pdb")}
    assert budgets["a", "activator"] == {"maxUnavailable": 1, "selector": {"matchLabels": {"app": "activator"}}}
    for name in ("activator", "controller"):
        spread = pod(found.one("Deployment", name))["topologySpreadConstraints"]
        assert [each["topologyKey"] for each in spread] == [ZONE, HOST]
        assert all(each["labelSelector"] == {"matchLabels": {"app": name}} for each in spread)


def test_a_single_replica_stands_in_no_drains_way() -> None:
    found = objects()
    run(found, Workload())
    assert [each["metadata"]["namespace"] for each in found.of_kind("PodDisruptionBudget")] == ["elsewhere"]
    assert "topologySpreadConstraints" not in pod(found.one("Deployment", "activator"))


def test_placement_is_added_to_upstreams() -> None:
    found = objects()
    pod(found.one("Deployment", "activator"))["tolerations"] = [{"key": "upstream"}]
    run(found, Workload(tolerations=[GPU], node_selector={"pool": "system"}))
    spec = pod(found.one("Deployment", "activator"))
    assert spec["nodeSelector"] == {"kubernetes.io/os": "linux", "pool": "system"}
    assert spec["tolerations"] == [{"key": "upstream"}, {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
