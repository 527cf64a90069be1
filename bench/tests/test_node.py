"""The node's settings: what each process is told, and what it must never be told."""

from __future__ import annotations

import os
import re
import shutil
import tomllib
from collections.abc import Iterator
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from bench import paths, registry, tools
from bench.errors import BenchError
from bench.extras import Wanted
from bench.image_table import IMAGES
from bench.node import addons, control_plane, lifecycle, network, pki, shell, worker
from bench.node.pki import Pki
from bench.node.process import Process

INSTANCE = paths.Instance("test")
ADDRESS = re.compile(r"\b\d+\.\d+\.\d+\.\d+\b(?!/)")


@pytest.fixture(autouse=True)
def _no_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A state folder of the test's own with certificates of one word, and tools that need not be built."""
    monkeypatch.setattr(paths, "STATE_ROOT", tmp_path)
    monkeypatch.setattr(registry, "STORE", tmp_path / "store")
    for module in (tools, registry):
        monkeypatch.setattr(module, "binary", lambda name: Path("/bin", name))
    monkeypatch.setattr(shutil, "which", lambda name, **_: f"/usr/bin/{name}")
    folder = Pki(INSTANCE).folder
    folder.mkdir(parents=True)
    for name in (*pki.AUTHORITIES, *(leaf.name for leaf in pki.leaves(INSTANCE))):
        (folder / f"{name}.crt").write_text(f"certificate of {name}")
        (folder / f"{name}.key").write_text("secret")
    (folder / "sa.pub").write_text("public")


def processes() -> list[Process]:
    authority = Pki(INSTANCE)
    return [
        control_plane.etcd(INSTANCE, authority),
        worker.containerd(INSTANCE),
        worker.image_registry(INSTANCE),
        control_plane.apiserver(INSTANCE, authority),
        control_plane.controller_manager(INSTANCE, authority),
        control_plane.scheduler(INSTANCE, authority),
        worker.kubelet(INSTANCE, authority),
        worker.kube_proxy(INSTANCE, authority),
    ]


def strings(value: object) -> Iterator[str]:
    """Every text in a configuration."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from strings(item)
    elif isinstance(value, str):
        yield value


def test_status_and_logs_know_every_process() -> None:
    assert tuple(process.name for process in processes()) == lifecycle.PROCESSES


def test_every_address_is_of_the_loopback_or_of_the_node_s_own_networks() -> None:
    authority = Pki(INSTANCE)
    told = [argument for process in processes() for argument in process.argv]
    told += strings(worker.kubelet_config(INSTANCE, authority, Path("/resolv.conf")))
    told += strings(worker.proxy_config(INSTANCE, Path("/identity")))
    addresses = {address for text in told for address in ADDRESS.findall(text)}
    assert addresses == {"127.0.0.1", INSTANCE.node_ip, INSTANCE.dns_ip}


def test_no_argument_carries_a_secret() -> None:
    assert not [argument for process in processes() for argument in process.argv if "secret" in argument]


def test_the_same_arguments_come_out_every_time() -> None:
    assert processes() == processes()


def test_the_api_server_authenticates_and_authorizes_everyone() -> None:
    arguments = control_plane.apiserver(INSTANCE, Pki(INSTANCE)).argv
    assert {"--anonymous-auth=false", "--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction"} <= set(arguments)


def test_a_new_etcd_makes_the_api_server_outdated() -> None:
    record = INSTANCE.state / "processes/etcd.json"
    record.parent.mkdir()
    record.write_text("{}")
    before = control_plane.apiserver(INSTANCE, Pki(INSTANCE)).fingerprint()
    record.write_text("{ }")
    assert control_plane.apiserver(INSTANCE, Pki(INSTANCE)).fingerprint() != before


def test_the_kubelet_asks_for_authentication_and_makes_nothing_on_the_host() -> None:
    config = worker.kubelet_config(INSTANCE, Pki(INSTANCE), Path("/resolv.conf"))
    assert config["authentication"]["anonymous"] == {"enabled": False}
    assert config["authorization"] == {"mode": "Webhook"}
    assert config["volumePluginDir"].startswith(worker.KUBELET_ROOT)


def test_containerd_keeps_everything_in_the_state_folder_and_pulls_from_the_mirror() -> None:
    config = tomllib.loads(Path(worker.containerd(INSTANCE).argv[-1]).read_text())
    runtime = config["plugins"]["io.containerd.grpc.v1.cri"]
    assert Path(config["root"]).is_relative_to(INSTANCE.state)
    assert {folder.name for folder in Path(runtime["registry"]["config_path"]).iterdir()} == set(registry.MIRRORED_HOSTS)
    assert runtime["sandbox_image"] in IMAGES
    assert list(Path(runtime["cni"]["conf_dir"]).glob("*.conflist"))
    assert len(worker.SOCKET) < 108, "the longest path of a Unix socket"


def documents() -> list[dict[str, Any]]:
    text = "---\n".join(addons.manifest(name, INSTANCE, Pki(INSTANCE)) for name in addons.MANIFESTS)
    return [document for document in yaml.safe_load_all(text) if document]


def test_every_addon_s_image_is_one_that_the_bench_offers() -> None:
    pods = [document["spec"]["template"]["spec"] for document in documents() if document["kind"] == "Deployment"]
    images = [container["image"] for pod in pods for container in pod["containers"]]
    config = next(document["data"] for document in documents() if document["metadata"]["name"] == "local-path-config")
    images.append(yaml.safe_load(config["helperPod.yaml"])["spec"]["containers"][0]["image"])
    assert len(images) == 4
    assert set(images) <= set(IMAGES)
    assert str(INSTANCE.state / "volumes") in config["config.json"]
    assert '"$VOL_DIR"' in config["setup"]


def test_up_waits_for_every_deployment_of_the_addons(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addons, "_accepts", lambda *_: True)
    monkeypatch.setattr(shell, "run", lambda *_, **__: '{"items": []}')
    deployments = {document["metadata"]["name"] for document in documents() if document["kind"] == "Deployment"}
    lacks = addons.conditions(INSTANCE, addons.Kubectl(INSTANCE))
    assert {name: lacks[name] for name in deployments} == dict.fromkeys(deployments, "missing")


def test_metrics_come_over_verified_tls() -> None:
    rendered = documents()
    api = next(document["spec"] for document in rendered if document["kind"] == "APIService")
    assert api["caBundle"]
    assert "insecureSkipTLSVerify" not in api
    assert "insecure" not in addons.manifest("metrics-server", INSTANCE, Pki(INSTANCE))


@pytest.mark.parametrize(
    ("route", "taken"),
    [
        ({"dst": "10.96.17.0/24", "dev": "eth1"}, True),
        ({"dst": "10.0.0.0/8", "dev": "eth1"}, True),
        ({"dst": "10.96.128.6", "dev": "eth1"}, True),
        ({"dst": "10.96.16.0/20", "dev": INSTANCE.link}, False),
        ({"dst": "default", "dev": "eth0"}, False),
        ({"dst": "10.96.0.0/20", "dev": "bench0"}, False),
    ],
)
def test_a_route_of_the_machine_that_claims_the_node_s_addresses_is_named(route: dict[str, str], taken: bool) -> None:
    found = network.overlaps(INSTANCE, [route])
    assert bool(found) == taken
    assert all(route["dst"] in text for text in found)


def test_another_range_is_chosen_for_a_new_node_and_kept_by_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(paths, "STATE_ROOT", tmp_path)
    monkeypatch.setenv("BENCH_ADDRESSES", "172.24.0.0/16")
    chosen = paths.Instance("test")
    assert (chosen.service_cidr, chosen.dns_ip, chosen.pod_cidr) == ("172.24.16.0/20", "172.24.16.10", "172.24.65.0/24")
    assert (chosen.host_ip, chosen.node_ip) == ("172.24.128.5", "172.24.128.6")
    assert not network.overlaps(chosen, [{"dst": "10.0.0.0/8", "dev": "tun0"}])
    chosen.state.mkdir(exist_ok=True)
    chosen.addresses_file.write_text(str(chosen.addresses))
    monkeypatch.setenv("BENCH_ADDRESSES", "172.25.0.0/16")
    assert paths.Instance("test").node_ip == "172.24.128.6"


@pytest.mark.parametrize("text", ["172.24.0.0/12", "172.24.1.0/16", "8.8.0.0/16", "tun0", "fd00::/16"])
def test_a_range_that_no_node_can_use_is_refused_with_one_that_works(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(paths, "STATE_ROOT", Path("/nonexistent"))
    monkeypatch.setenv("BENCH_ADDRESSES", text)
    with pytest.raises(BenchError, match=rf"BENCH_ADDRESSES={text} is no private IPv4 range of size /16; .*10\.96\.0\.0/16"):
        _ = paths.Instance("test").node_ip


@pytest.mark.parametrize(("one", "other"), list(combinations(map(paths.Instance, paths.INSTANCES), 2)))
def test_two_instances_share_no_address_and_no_name(one: paths.Instance, other: paths.Instance) -> None:
    assert network.overlaps(one, [{"dst": f"{other.host_ip}/32"}, {"dst": other.service_cidr}, {"dst": other.pod_cidr}]) == []
    assert not {one.netns, one.link, one.cgroup} & {other.netns, other.link, other.cgroup}


def lacks(kind: str, status: dict[str, Any]) -> str:
    item = {"kind": kind, "metadata": {"generation": 2}, "spec": {"replicas": 1}, "status": status}
    return addons._lack(item, "Available")


def test_a_deployment_counts_only_once_its_newest_version_runs() -> None:
    available = {"type": "Available", "status": "True"}
    rolled_out = {"observedGeneration": 2, "replicas": 1, "updatedReplicas": 1, "conditions": [available]}
    assert lacks("Deployment", rolled_out) == ""
    assert lacks("Deployment", rolled_out | {"observedGeneration": 1})
    assert lacks("Deployment", rolled_out | {"replicas": 2})
    assert lacks("Deployment", rolled_out | {"conditions": [available | {"status": "False", "message": "no pods"}]}) == "no pods"
    assert addons._lack(None, "Available") == "missing"


def test_only_root_may_have_a_node(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    for action in (partial(lifecycle.up, wanted=Wanted()), lifecycle.down, lifecycle.status):
        with pytest.raises(BenchError, match="sudo"):
            action(INSTANCE)
