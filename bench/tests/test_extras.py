"""Parts that only some nodes have: each is built, started and shown only where it was asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from bench import environment, extras, image_table, paths, tools
from bench.errors import BenchError
from bench.extras import EXTRAS, Wanted
from bench.image_table import CONTAINERFILES, IMAGES
from bench.node import addons, fake_nodes, gpus
from bench.tools import OPTIONAL, TOOLS

INSTANCE = paths.Instance("test")
PLAIN = Wanted()


@pytest.fixture(autouse=True)
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(paths, "STATE_ROOT", tmp_path)
    INSTANCE.state.mkdir()
    return INSTANCE.state


def test_a_node_that_nobody_asked_more_of_builds_none_of_it() -> None:
    assert PLAIN.tools == list(TOOLS)
    assert not {image for extra in EXTRAS.values() for image in extra.images} & set(PLAIN.images)


def test_all_extras_together_are_all_there_is() -> None:
    everything = PLAIN.with_words(EXTRAS)
    assert set(everything.tools) == {*TOOLS, *OPTIONAL}
    assert everything.images == list(IMAGES)


def test_build_tags_are_told_to_go_and_make_another_build() -> None:
    tagged = OPTIONAL["prometheus"]
    plain = replace(tagged, tags=())
    assert tagged.flags == ("-trimpath", "-tags=remove_all_sd,enable_kubernetes_sd")
    assert plain.flags == ("-trimpath",)
    assert tagged.digest("go") != plain.digest("go")


def test_vllm_s_packages_are_pinned_and_none_is_for_a_gpu() -> None:
    requirements = (CONTAINERFILES / "vllm" / "requirements.txt").read_text().splitlines()
    pinned = [line for line in requirements if not line.startswith("#")]
    assert all("==" in line for line in pinned)
    assert not [line for line in pinned if line.startswith(("nvidia", "triton"))]


def test_a_file_beside_the_containerfile_is_part_of_the_image(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(image_table, "CONTAINERFILES", tmp_path)
    (tmp_path / "example").mkdir()
    beside = image_table.Beside("example", "requirements.txt")
    (tmp_path / "example" / "requirements.txt").write_text("one==1")
    before = beside.key()
    beside.write(tmp_path / "copy")
    assert (tmp_path / "copy").read_text() == "one==1"
    (tmp_path / "example" / "requirements.txt").write_text("one==2")
    assert beside.key() != before


def test_a_later_up_adds_to_what_the_node_has() -> None:
    extras.write(INSTANCE, PLAIN.with_words(["keda", "gpus=2"]))
    assert extras.read(INSTANCE) == Wanted(frozenset({"keda"}), 2)
    assert extras.read(INSTANCE).with_words(["monitoring"]) == Wanted(frozenset({"keda", "monitoring"}), 2)
    assert extras.read(INSTANCE).with_words(["gpus=0"]) == Wanted(frozenset({"keda"}), 0)


@pytest.mark.parametrize("word", ["grafana", "gpus", "gpus=", "gpus=-1", "keda=1"])
def test_what_is_unknown_is_answered_with_what_is_known(word: str) -> None:
    with pytest.raises(BenchError, match=f"--with {word} is unknown; choose one of: keda, karpenter, monitoring, .*gpus=NUMBER"):
        PLAIN.with_words([word])


def test_the_address_of_prometheus_is_told_only_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "path_entries", lambda *_: [])
    assert "monitoring" not in environment.describe(INSTANCE)
    extras.write(INSTANCE, PLAIN.with_words(["monitoring"]))
    told = environment.describe(INSTANCE)["monitoring"]
    service = next(each for each in monitoring() if each["kind"] == "Service" and each["metadata"]["name"] == "prometheus")
    port = service["spec"]["ports"][0]["port"]
    assert told["prometheusUrl"] == f"http://prometheus.{service['metadata']['namespace']}.svc.cluster.local:{port}"


def test_what_a_node_has_on_request_is_told_to_its_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "path_entries", lambda *_: [])
    assert {key: environment.describe(INSTANCE)[key] for key in ("with", "gpus")} == {"with": [], "gpus": 0}
    extras.write(INSTANCE, PLAIN.with_words(["vllm", "keda", "gpus=2"]))
    assert {key: environment.describe(INSTANCE)[key] for key in ("with", "gpus")} == {"with": ["keda", "vllm"], "gpus": 2}


class NoPki:
    def cert(self, _name: str) -> Path:
        return Path("/dev/null")

    key = cert


def test_fake_nodes_bring_two_processes_and_two_manifests_and_no_image(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = PLAIN.with_words(["karpenter"])
    assert not PLAIN.manifests
    assert not PLAIN.processes
    assert [manifest.name for manifest in wanted.manifests] == ["karpenter-kwok-crds", "kwok-stages"]
    assert wanted.images == PLAIN.images
    monkeypatch.setattr(tools, "binary", lambda name: Path("/bin", name))
    started = {process.name: (process, url) for process, url in fake_nodes.processes(INSTANCE, NoPki())}  # type: ignore[arg-type]
    assert list(started) == wanted.processes
    for process, url in started.values():
        assert url.startswith(f"http://{INSTANCE.node_ip}:")
        assert INSTANCE.kubeconfig in process.inputs, "a new certificate must restart it"
    karpenter, _ = started["karpenter"]
    assert karpenter.environment == {"KUBECONFIG": str(INSTANCE.kubeconfig)}
    assert f"--instance-types-file-path={INSTANCE.state / 'instance-types.json'}" in karpenter.argv


def test_every_machine_on_offer_has_gpus_and_is_cheaper_on_spot() -> None:
    for offered in fake_nodes.instance_types():
        assert int(offered["resources"][gpus.RESOURCE]) > 0
        prices: dict[str, set[float]] = {}
        for offering in offered["offerings"]:
            values = {requirement["key"]: requirement["values"] for requirement in offering["Requirements"]}
            prices.setdefault(values["karpenter.sh/capacity-type"][0], set()).add(offering["Price"])
        assert max(prices["spot"]) < min(prices["on-demand"])


def monitoring() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(addons.manifest("monitoring", INSTANCE, NoPki())))  # type: ignore[arg-type]


def test_prometheus_heeds_what_carries_the_labels_that_are_told_in_any_namespace() -> None:
    spec = next(each["spec"] for each in monitoring() if each["kind"] == "Prometheus")
    for kind in ("serviceMonitor", "podMonitor", "rule"):
        assert spec[f"{kind}Selector"] == {"matchLabels": extras.MONITOR_LABELS}
        assert spec[f"{kind}NamespaceSelector"] == {}
    monitors = [each["metadata"]["labels"] for each in monitoring() if each["kind"] == "ServiceMonitor"]
    assert monitors == [extras.MONITOR_LABELS] * 2


def containers() -> dict[str, dict[str, Any]]:
    """The one of each Deployment."""
    found = {each["metadata"]["name"]: each["spec"] for each in monitoring() if each["kind"] == "Deployment"}
    return {name: spec["template"]["spec"]["containers"][0] for name, spec in found.items()}


def test_monitoring_takes_little_of_the_node_and_only_its_own_images() -> None:
    (prometheus,) = (each["spec"] for each in monitoring() if each["kind"] == "Prometheus")
    started = [*containers().values(), prometheus]
    arguments = containers()["prometheus-operator"]["args"]
    reloader = next(argument for argument in arguments if "config-reloader=" in argument).partition("=")[2]
    assert {*(each["image"] for each in started), reloader} == set(EXTRAS["monitoring"].images)
    millicores = [int(each["resources"]["requests"]["cpu"].removesuffix("m")) for each in started]
    assert sum(millicores) + 10 <= 50, "the reloader asks for 10m by itself"


def test_what_monitoring_starts_is_waited_for_and_shown() -> None:
    assert {"kube-state-metrics", "prometheus"}.isdisjoint(addons._wanted(INSTANCE))
    extras.write(INSTANCE, PLAIN.with_words(["monitoring"]))
    shown = addons._wanted(INSTANCE)
    assert {name: shown[name] for name in containers()} == {name: ("Deployment", name, "Available") for name in containers()}
    assert shown["prometheus"][0] == "StatefulSet"


def test_the_state_of_the_cluster_is_read_as_far_as_it_is_shown_and_no_further() -> None:
    arguments = dict(argument.removeprefix("--").split("=", 1) for argument in containers()["kube-state-metrics"]["args"])
    (role,) = (each for each in monitoring() if each["kind"] == "ClusterRole" and each["metadata"]["name"] == "kube-state-metrics")
    readable = {resource for rule in role["rules"] for resource in rule["resources"]}
    assert readable == set(arguments["resources"].split(","))
    assert {verb for rule in role["rules"] for verb in rule["verbs"]} == {"list", "watch"}


def test_series_about_other_pods_keep_their_own_labels() -> None:
    monitors = {each["metadata"]["name"]: each["spec"]["endpoints"] for each in monitoring() if each["kind"] == "ServiceMonitor"}
    assert all(endpoint["honorLabels"] for endpoints in monitors.values() for endpoint in endpoints)
    service = next(each["spec"] for each in monitoring() if each["kind"] == "Service" and each["metadata"]["name"] == "kube-state-metrics")
    ports = {port["name"] for port in containers()["kube-state-metrics"]["ports"]}
    assert {port["targetPort"] for port in service["ports"]} <= ports
    assert {endpoint["port"] for endpoint in monitors["kube-state-metrics"]} == {port["name"] for port in service["ports"]}


def node(capacity: int, allocatable: int, labels: dict[str, str]) -> dict[str, Any]:
    amounts = {"capacity": {gpus.RESOURCE: str(capacity)}, "allocatable": {gpus.RESOURCE: str(allocatable)}}
    return {"metadata": {"labels": labels}, "status": amounts}


@pytest.mark.parametrize(
    ("found", "lacks"),
    [
        (node(2, 2, gpus.LABELS), ""),
        (node(2, 0, gpus.LABELS), "0 offered instead of 2"),
        (node(0, 0, gpus.LABELS), "0 offered instead of 2"),
        (node(3, 3, gpus.LABELS), "3 offered instead of 2"),
        (node(2, 2, {}), "not labelled"),
        ({"metadata": {}, "status": {}}, "0 offered instead of 2"),
    ],
)
def test_two_gpus_are_two_to_the_scheduler_and_a_label(found: dict[str, Any], lacks: str) -> None:
    assert gpus.lack(found, 2) == lacks


def test_a_node_that_is_to_have_no_gpus_any_more_keeps_no_label() -> None:
    assert gpus.lack({"metadata": {"labels": {"a": "b"}}, "status": {}}, 0) == ""
    assert gpus.lack(node(0, 0, gpus.LABELS), 0) == "still labelled"


@pytest.mark.parametrize(("count", "amount", "label"), [(2, "2", "inference"), (0, None, None)])
def test_gpus_are_advertised_by_the_node_s_status(count: int, amount: str | None, label: str | None) -> None:
    patches: dict[bool, Any] = {}
    kubectl: Callable[..., str] = lambda *words: patches.setdefault("--subresource=status" in words, words[-1])  # noqa: E731
    gpus.advertise("node", count, kubectl)
    status, labels = (json.loads(patches[whole].removeprefix("--patch=")) for whole in (True, False))
    assert status == {"status": {kind: {"nvidia.com/gpu": amount} for kind in ("capacity", "allocatable")}}
    assert labels == {"metadata": {"labels": {"workload-type": label}}}
