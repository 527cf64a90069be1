"""The monitoring stack's values, its secret and its order."""

from __future__ import annotations

import base64
import json
from typing import Any

import pulumi
import pytest

from components import versions
from components.artifacts import Mirror
from components.lock import Lock
from components.platform.alert_receivers import AlertReceivers
from components.platform.cert_manager import CertManager, CertManagerArgs
from components.platform.monitoring import Monitoring, MonitoringArgs
from components.scheduling import Quantities, Resources, Toleration, Workload
from tests.graph.recording import GENERATED, Graph, record_component

STACK = "Release/kube-prometheus-stack"
KEYS = {
    "slack": {"url": "https://hooks.example/key-of-slack", "channel": "#models"},
    "pagerduty": {"routing_key": "key-of-pagerduty"},
    "webhook": {"url": "https://bot.example/key-of-webhook"},
    "email": {"to": "a@example.com", "sender": "b@example.com", "server": "smtp.example.com:587", "password": "key-of-email"},
}
SECRET_KEYS = ("url", "routing_key", "password")
IMAGES = [
    versions.PROMETHEUS_OPERATOR,
    versions.PROMETHEUS_CONFIG_RELOADER,
    versions.PROMETHEUS,
    versions.ALERTMANAGER,
    versions.NODE_EXPORTER,
    versions.KUBE_STATE_METRICS,
    versions.GRAFANA,
    versions.GRAFANA_SIDECAR,
]


def recorded(**args: Any) -> Graph:  # noqa: ANN401 - any argument of the component
    complete = {"storage_gib": 20, "managed_control_plane": True, "mirror": Mirror(), **args}
    return record_component(lambda: Monitoring("monitoring", MonitoringArgs(**complete), None))


def values(graph: Graph) -> dict[str, Any]:
    found: dict[str, Any] = graph.one(STACK).inputs["values"]
    return found


def images(value: object) -> list[dict[str, Any]]:
    if not isinstance(value, dict):
        return []
    inner = [image for item in value.values() for image in images(item)]
    return [value, *inner] if "registry" in value else inner


def test_schemas_are_a_release_of_their_own_before_the_stack() -> None:
    graph = recorded()
    assert values(graph)["crds"] == {"enabled": False}
    assert graph.comes_after(STACK, "Release/prometheus-operator-crds")
    assert graph.comes_after("Release/prometheus-operator-crds", "Namespace/monitoring")


def test_webhook_certificates_come_from_cert_manager_and_wait_for_it() -> None:
    def build() -> None:
        certificates = CertManager("cert-manager", CertManagerArgs(mirror=Mirror()))
        Monitoring("monitoring", MonitoringArgs(storage_gib=20, managed_control_plane=True, mirror=Mirror()), certificates)

    graph = record_component(build)
    webhooks = values(graph)["prometheusOperator"]["admissionWebhooks"]
    assert webhooks == {"failurePolicy": "Ignore", "patch": {"enabled": False}, "certManager": {"enabled": True}}
    assert graph.comes_after(STACK, "Job/cert-manager-gate")
    assert not graph.comes_after("Release/prometheus-operator-crds", "Job/cert-manager-gate")


def test_monitors_and_rules_of_every_namespace_count() -> None:
    spec = values(recorded())["prometheus"]["prometheusSpec"]
    selectors = [key for key in spec if key.endswith("SelectorNilUsesHelmValues")]
    assert len(selectors) == 5
    assert not any(spec[selector] for selector in selectors)


@pytest.mark.parametrize("managed", [True, False])
def test_a_control_plane_out_of_reach_is_neither_scraped_nor_alerted_on(managed: bool) -> None:
    found = values(recorded(managed_control_plane=managed))
    for target in ("kubeControllerManager", "kubeEtcd", "kubeProxy", "kubeScheduler"):
        assert found[target] == {"enabled": not managed}


def test_samples_survive_a_pod_and_never_fill_the_volume() -> None:
    spec = values(recorded(storage_gib=100, storage_class="gp3", retention_days=30))["prometheus"]["prometheusSpec"]
    claim = spec["storageSpec"]["volumeClaimTemplate"]["spec"]
    assert claim == {"storageClassName": "gp3", "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "100Gi"}}}
    assert (spec["retention"], spec["retentionSize"]) == ("30d", "87040MiB")
    alertmanager = values(recorded())["alertmanager"]["alertmanagerSpec"]
    assert "storageClassName" not in alertmanager["storage"]["volumeClaimTemplate"]["spec"], "None is the cluster's default"


def test_one_replica_has_no_budget_that_would_block_a_drain() -> None:
    found = values(recorded())
    assert found["prometheus"]["podDisruptionBudget"]["enabled"] is False
    assert found["prometheus"]["prometheusSpec"]["topologySpreadConstraints"] == []


@pytest.mark.parametrize(("part", "spec"), [("prometheus", "prometheusSpec"), ("alertmanager", "alertmanagerSpec")])
def test_several_replicas_are_spread_and_leave_one_at_a_time(part: str, spec: str) -> None:
    found = values(recorded(workload=Workload(replicas=3)))[part]
    assert found["podDisruptionBudget"] == {"enabled": True, "minAvailable": 2}
    assert found[spec]["replicas"] == 3
    zones, hosts = found[spec]["topologySpreadConstraints"]
    assert (zones["topologyKey"], hosts["topologyKey"]) == ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
    assert zones["labelSelector"] == {"matchLabels": {"app.kubernetes.io/name": part}}


def test_every_pod_but_the_nodes_own_exporter_is_placed() -> None:
    found = values(recorded(workload=Workload(node_selector={"role": "system"}, tolerations=[Toleration(key="dedicated")])))
    for pods in (
        found["prometheusOperator"],
        found["prometheus"]["prometheusSpec"],
        found["alertmanager"]["alertmanagerSpec"],
        found["grafana"],
        found["kube-state-metrics"],
    ):
        assert pods["nodeSelector"] == {"role": "system"}
        assert pods["tolerations"] == [{"key": "dedicated", "operator": "Exists"}]
        assert pods["resources"]["requests"]["memory"] == pods["resources"]["limits"]["memory"]
    assert not {"nodeSelector", "tolerations"} & set(found["prometheus-node-exporter"])


def test_the_workloads_resources_are_prometheus() -> None:
    resources = Resources(requests=Quantities(cpu="2", memory="8Gi"), limits=Quantities(memory="8Gi"))
    found = values(recorded(workload=Workload(resources=resources, timeout_seconds=900)))
    assert found["prometheus"]["prometheusSpec"]["resources"] == resources.fields()
    assert found["prometheusOperator"]["resources"] != resources.fields()


def test_grafanas_password_is_generated_before_it_and_stands_in_no_value() -> None:
    graph = recorded()
    secret = graph.one("Secret/grafana-admin")
    assert "data" in secret.secret_inputs
    assert base64.b64decode(secret.inputs["data"]["admin-password"]).decode() == f"{GENERATED}grafana-admin"
    admin = values(graph)["grafana"]["admin"]
    assert admin == {"existingSecret": secret.inputs["metadata"]["name"], "userKey": "admin-user", "passwordKey": "admin-password"}
    assert set(secret.inputs["data"]) == {admin["userKey"], admin["passwordKey"]}
    assert graph.comes_after(STACK, "Secret/grafana-admin")
    assert GENERATED not in json.dumps(graph.one(STACK).inputs)


def test_dashboards_of_every_namespace_are_shown() -> None:
    dashboards = values(recorded())["grafana"]["sidecar"]["dashboards"]
    assert dashboards == {"label": "grafana_dashboard", "labelValue": "1", "searchNamespace": "ALL"}


def test_every_image_is_pinned_and_comes_from_the_mirror() -> None:
    mirror = Mirror(registry="corp.example:5000/mirror")
    used = {f"{image['registry']}/{image['repository']}:{image['tag']}" for image in images(values(recorded(mirror=mirror)))}
    assert used == {f"corp.example:5000/mirror/{pin.reference}" for pin in IMAGES}


def test_digests_are_spelled_as_each_chart_wants_them() -> None:
    digest = "0" * 64
    lock = Lock.model_validate({"artifacts": {pin.address: {"digest": f"sha256:{digest}", "source": "test"} for pin in IMAGES}})
    found = values(recorded(mirror=Mirror(lock=lock)))
    assert found["prometheus"]["prometheusSpec"]["image"]["sha"] == digest
    assert found["grafana"]["sidecar"]["image"]["sha"] == digest
    assert found["kube-state-metrics"]["image"]["sha"] == f"sha256:{digest}"
    assert found["prometheus-node-exporter"]["image"]["digest"] == f"sha256:{digest}"


def test_node_agents_are_let_in() -> None:
    namespace = recorded().one("Namespace/monitoring").inputs["metadata"]
    assert namespace["labels"]["pod-security.kubernetes.io/enforce"] == "privileged"


def told(**kinds: str) -> Graph:
    """`critical="slack"`: severity → kind of receiver."""

    def build() -> None:
        receivers = {severity: {"kind": kind, **_secret(KEYS[kind])} for severity, kind in kinds.items()}
        args = {"storage_gib": 20, "managed_control_plane": True, "mirror": Mirror()}
        Monitoring("monitoring", MonitoringArgs(**args, receivers=AlertReceivers.model_validate({"by_severity": receivers})), None)

    return record_component(build)


def _secret(values: dict[str, str]) -> dict[str, Any]:
    return {key: pulumi.Output.secret(value) if key in SECRET_KEYS else value for key, value in values.items()}


def test_alerts_go_to_who_is_told_of_their_severity_and_the_rest_to_nobody() -> None:
    found = values(told(critical="pagerduty", warning="slack"))["alertmanager"]
    config = found["config"]
    assert config["route"]["receiver"] == "null"
    assert config["route"]["routes"] == [
        {"receiver": "critical", "matchers": ['severity="critical"']},
        {"receiver": "warning", "matchers": ['severity="warning"']},
    ]
    assert [receiver["name"] for receiver in config["receivers"]] == ["null", "critical", "warning"]
    assert config["receivers"][1]["pagerduty_configs"] == [{"routing_key_file": "/etc/alertmanager/secrets/alert-receivers/critical"}]
    assert config["receivers"][2]["slack_configs"][0]["channel"] == "#models"
    assert found["alertmanagerSpec"]["secrets"] == ["alert-receivers"]


@pytest.mark.parametrize("kind", KEYS)
def test_a_receivers_secret_is_a_file_from_a_secret_and_stands_in_no_value(kind: str) -> None:
    graph = told(critical=kind)
    secret = graph.one("Secret/alert-receivers")
    assert "data" in secret.secret_inputs
    assert f"key-of-{kind}" in base64.b64decode(secret.inputs["data"]["critical"]).decode()
    assert graph.comes_after(STACK, "Secret/alert-receivers")
    text = json.dumps(graph.one(STACK).inputs)
    assert "key-of" not in text
    assert "/etc/alertmanager/secrets/alert-receivers/critical" in text


def test_without_receivers_the_chart_keeps_its_own_configuration() -> None:
    graph = recorded()
    assert "config" not in values(graph)["alertmanager"]
    assert values(graph)["alertmanager"]["alertmanagerSpec"]["secrets"] == []
    assert [secret.name for secret in graph.of_kind("Secret")] == ["grafana-admin"]


def test_gpu_nodes_are_known_by_their_label() -> None:
    assert values(recorded())["kube-state-metrics"]["metricLabelsAllowlist"] == ["nodes=[workload-type]"]
