"""MinIO as prod runs it: spread, protected, watched; and what makes its bootstrap run again."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from components.artifacts import Mirror
from components.platform.minio import MinioStore
from components.platform.minio_servers import MinioStoreArgs
from components.platform.monitoring import Monitoring, MonitoringArgs
from components.prometheus import Prometheus
from components.scheduling import Quantities, Resources, Toleration, Workload
from tests.graph.recording import Graph, record_component

LARGE = Resources(requests=Quantities(cpu="1", memory="4Gi"), limits=Quantities(memory="8Gi"))
PROD = Workload(
    replicas=4,
    resources=LARGE,
    tolerations=[Toleration(key="dedicated", operator="Equal", value="platform", effect="NoSchedule")],
    node_selector={"pool": "system"},
    timeout_seconds=600,
)


def recorded(monitored: bool = False, watcher: Prometheus | None = None, **args: Any) -> Graph:  # noqa: ANN401 - any argument
    """`monitored`: by the platform's Prometheus; `watcher`: the address of an existing one."""
    complete = {"mode": "distributed", "storage_size": "100Gi", "workload": PROD, "mirror": Mirror(), **args}

    def build() -> None:
        watched = MonitoringArgs(storage_gib=20, managed_control_plane=True, mirror=Mirror())
        monitoring = Monitoring("monitoring", watched, None) if monitored else None
        MinioStore("model-store", MinioStoreArgs(**complete), prometheus=monitoring.prometheus if monitoring else watcher)

    return record_component(build)


@pytest.fixture(scope="module")
def graph() -> Graph:
    return recorded(monitored=True, storage_class="gp3", protect=True)


def pod(graph: Graph) -> dict[str, Any]:
    found: dict[str, Any] = graph.one("StatefulSet/minio").inputs["spec"]["template"]["spec"]
    return found


def test_servers_run_where_and_with_what_the_workload_says(graph: Graph) -> None:
    assert graph.one("StatefulSet/minio").create_timeout == "600s"
    assert pod(graph)["nodeSelector"] == {"pool": "system"}
    assert pod(graph)["tolerations"] == [{"key": "dedicated", "operator": "Equal", "value": "platform", "effect": "NoSchedule"}]
    (server,) = pod(graph)["containers"]
    assert server["resources"] == {"requests": {"cpu": "1", "memory": "4Gi"}, "limits": {"memory": "8Gi"}}


def test_no_node_has_two_servers_and_a_drain_takes_one(graph: Graph) -> None:
    rules = {rule["topologyKey"]: rule["whenUnsatisfiable"] for rule in pod(graph)["topologySpreadConstraints"]}
    assert rules == {"kubernetes.io/hostname": "DoNotSchedule", "topology.kubernetes.io/zone": "ScheduleAnyway"}
    (budget,) = graph.of_kind("PodDisruptionBudget")
    assert budget.inputs["spec"] == {"maxUnavailable": 1, "selector": graph.one("StatefulSet/minio").inputs["spec"]["selector"]}


def test_protected_drives_outlive_their_servers(graph: Graph) -> None:
    spec = graph.one("StatefulSet/minio").inputs["spec"]
    (drive,) = spec["volumeClaimTemplates"]
    assert drive["spec"]["storageClassName"] == "gp3"
    assert drive["spec"]["resources"]["requests"]["storage"] == "100Gi"
    assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    # Volumes go with their namespace, whatever the policy of their owner.
    assert graph.one("Namespace/minio").protect
    assert graph.one("StatefulSet/minio").protect


def test_an_unprotected_store_goes_with_its_stack() -> None:
    graph = recorded()
    assert not [resource.key for resource in graph if resource.protect]


def test_prometheus_reads_without_a_token_and_only_from_its_namespace(graph: Graph) -> None:
    (server,) = pod(graph)["containers"]
    assert {"name": "MINIO_PROMETHEUS_AUTH_TYPE", "value": "public"} in server["env"]
    monitor = graph.one("ServiceMonitor/minio-metrics").inputs
    assert [endpoint["path"] for endpoint in monitor["spec"]["endpoints"]] == ["/minio/v2/metrics/cluster", "/minio/v2/metrics/node"]
    selector = monitor["spec"]["selector"]["matchLabels"].items()
    services = [service.name for service in graph.of_kind("Service") if selector <= service.inputs["metadata"]["labels"].items()]
    assert services == ["minio"], "every server must be scraped once"
    (rule,) = graph.one("NetworkPolicy/minio").inputs["spec"]["ingress"]
    assert rule["from"][3] == {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}


def test_only_the_monitor_waits_for_monitoring(graph: Graph) -> None:
    assert graph.comes_after("ServiceMonitor/minio-metrics", "Release/prometheus-operator-crds")
    assert not graph.comes_after("ServiceMonitor/minio-metrics", "Release/kube-prometheus-stack")
    assert not graph.comes_after("Job/model-store-bootstrap", "Release/prometheus-operator-crds")


def test_a_prometheus_of_others_is_let_in_from_its_namespace_and_finds_its_labels() -> None:
    graph = recorded(watcher=Prometheus(url="http://prometheus.watch.svc:9090", namespace="watch", labels={"prometheus": "bench"}))
    assert graph.one("ServiceMonitor/minio-metrics").inputs["metadata"]["labels"]["prometheus"] == "bench"
    (rule,) = graph.one("NetworkPolicy/minio").inputs["spec"]["ingress"]
    assert rule["from"][3] == {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "watch"}}}


@pytest.mark.parametrize("watcher", [None, Prometheus(url="https://prometheus.example")], ids=["none", "from nobody knows where"])
def test_without_monitoring_metrics_stay_closed(watcher: Prometheus | None) -> None:
    graph = recorded(watcher=watcher)
    assert not graph.of_kind("ServiceMonitor")
    (server,) = pod(graph)["containers"]
    assert "MINIO_PROMETHEUS_AUTH_TYPE" not in {item["name"] for item in server["env"]}
    (rule,) = graph.one("NetworkPolicy/minio").inputs["spec"]["ingress"]
    assert len(rule["from"]) == 3


def test_a_new_generation_of_keys_makes_new_keys_and_tells_the_store() -> None:
    first, second = recorded(), recorded(key_generation=2)
    job = "Job/model-store-bootstrap"
    assert first.one(job).inputs["metadata"]["name"] != second.one(job).inputs["metadata"]["name"]
    for user in ("kserve-reader", "model-publisher"):
        assert first.one(f"RandomPassword/{user}").inputs != second.one(f"RandomPassword/{user}").inputs
    # The root user's key is the servers' own: they read it when they start.
    assert first.one("RandomPassword/model-store-root").inputs == second.one("RandomPassword/model-store-root").inputs


def test_a_store_keeps_its_urns_after_the_rename_of_its_class(graph: Graph) -> None:
    (store,) = [resource for resource in graph if resource.name == "model-store"]
    assert store.type == "inference-platform:platform:MinioStore"
    assert store.alias_types == {"inference-platform:platform:ModelStore"}


@pytest.mark.parametrize(("mode", "replicas"), [("standalone", 2), ("standalone", 4), ("distributed", 1), ("distributed", 3)])
def test_a_number_of_servers_that_the_mode_cannot_have_is_refused(mode: str, replicas: int) -> None:
    with pytest.raises(ValidationError, match=f"mode {mode} with {replicas} replicas"):
        recorded(mode=mode, workload=Workload(replicas=replicas))
