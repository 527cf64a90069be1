"""One node from `up` to `down`: what people do with it, and what goes wrong.

In file order: one node serves all tests, and the last ones end it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from http.client import HTTPConnection

import pytest

from bench.image_table import BUSYBOX
from bench.node import cgroups, namespaces, network, pki, process
from bench.node.lifecycle import PROCESSES
from tests.node import bench_node as node
from tests.waiting import wait_for

pytestmark = [pytest.mark.node, pytest.mark.lifecycle]

WEB = f"""
apiVersion: v1
kind: ConfigMap
metadata: {{name: note}}
data: {{text: kept}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: pages}}
spec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 10Mi}}}}}}
---
apiVersion: v1
kind: Service
metadata: {{name: web}}
spec: {{selector: {{app: web}}, ports: [{{port: 80, targetPort: 8080}}]}}
---
apiVersion: v1
kind: Pod
metadata: {{name: server, labels: {{app: web}}}}
spec:
  containers:
    - name: server
      image: {BUSYBOX}
      imagePullPolicy: Always
      command: [sh, -c, "test -e /pages/index.html || echo $RANDOM > /pages/index.html; exec httpd -f -p 8080 -h /pages"]
      readinessProbe: {{httpGet: {{port: 8080}}, periodSeconds: 1}}
      volumeMounts: [{{name: pages, mountPath: /pages}}]
  volumes: [{{name: pages, persistentVolumeClaim: {{claimName: pages}}}}]
"""


@pytest.fixture(scope="module")
def before() -> node.Traces:
    """The host's state without the node."""
    node.bench("down")
    return node.traces()


@pytest.fixture(scope="module")
def running(before: node.Traces) -> Iterator[None]:
    assert node.INSTANCE.netns not in before["namespaces"]
    started = node.bench("up")
    assert started.returncode == 0, started.stdout
    well = node.bench("status")
    assert well.returncode == 0, well.stdout
    yield
    node.bench("down")


@pytest.fixture(scope="module")
def page(running: None) -> str:
    """The text that a pod keeps on its volume and serves."""
    assert running is None
    node.kubectl("apply", "-f", "-", stdin=WEB)
    node.kubectl("wait", "--for=condition=Ready", "pod/server", "--timeout=90s")
    return node.kubectl("exec", "server", "--", "cat", "/pages/index.html")


def assert_only(before: node.Traces) -> None:
    """Nothing is there that was not before; the kernel takes a moment to clear a namespace away."""
    deadline = time.monotonic() + 10
    while (left := node.added(before)) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert left == {}


def served_to_the_host(address: str, host: str | None = None) -> str:
    """The page at `address`, asked for under the name `host`."""
    with closing(HTTPConnection(address, timeout=10)) as connection:
        connection.request("GET", "/", headers={"Host": host} if host else {})
        return connection.getresponse().read().decode()


@pytest.mark.usefixtures("running")
def test_up_again_restarts_nothing() -> None:
    pids = node.pids()
    assert set(pids) == set(PROCESSES)
    node.up()
    assert node.pids() == pids


def test_a_pod_is_reached_through_its_service_from_pods_itself_and_the_host(page: str) -> None:
    service = node.kubectl.json("get", "service", "web")["spec"]["clusterIP"]
    pod = node.kubectl.json("get", "pod", "server")["status"]["podIP"]
    assert served_to_the_host(service) == page
    assert served_to_the_host(f"{pod}:8080") == page
    fetch = ["wget", "-q", "-O-", "http://web.default.svc.cluster.local/"]
    assert node.kubectl("exec", "server", "--", *fetch) == page
    node.kubectl("run", "client", f"--image={BUSYBOX}", "--restart=Never", "--", *fetch)
    node.kubectl("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/client", "--timeout=60s")
    assert node.kubectl("logs", "client") == page


def test_logs_and_metrics_of_pods_are_there(page: str) -> None:
    assert page
    assert "Corefile" not in node.kubectl("logs", "server")
    usage = node.kubectl("get", "--raw", "/apis/metrics.k8s.io/v1beta1/namespaces/kube-system/pods")
    assert {item["metadata"]["name"].split("-")[0] for item in json.loads(usage)["items"]} >= {"coredns"}


@pytest.mark.usefixtures("running")
def test_the_kubeconfig_is_root_s_alone_and_goes_through_rbac() -> None:
    assert node.INSTANCE.kubeconfig.stat().st_mode & 0o777 == 0o600
    groups = node.kubectl.json("auth", "whoami")["status"]["userInfo"]["groups"]
    assert pki.ADMINS in groups
    assert "system:masters" not in groups
    assert node.kubectl("auth", "can-i", "*", "*", "--all-namespaces").strip() == "yes"


@pytest.mark.usefixtures("running")
def test_no_private_key_can_be_read_by_others() -> None:
    folder = node.INSTANCE.state / "pki"
    assert folder.stat().st_mode & 0o777 == 0o700
    keys = [*folder.glob("*.key"), *folder.glob("*.kubeconfig")]
    assert len(keys) > len(PROCESSES)
    assert {key.stat().st_mode & 0o777 for key in keys} == {0o600}


@pytest.mark.usefixtures("running")
def test_nothing_listens_on_the_host() -> None:
    assert cgroups.members(node.INSTANCE)
    assert node.listeners_on_the_host() == []


@pytest.mark.usefixtures("running")
def test_the_host_keeps_its_own_kernel_settings_and_iptables(before: node.Traces) -> None:
    assert node.added(before).keys() & {"kernel settings", "iptables"} == set()


@pytest.mark.parametrize("name", PROCESSES)
def test_up_mends_a_killed_process_and_keeps_data(page: str, name: str) -> None:
    pids = node.pids()
    killed = node.kill(name)
    assert node.bench("status").returncode == 1
    node.up()
    now = node.pids()
    assert now[name] != killed
    # A new etcd brings a new API server with it; nothing else is touched.
    touched = {name, "kube-apiserver"} if name == "etcd" else {name}
    assert {other for other in PROCESSES if now[other] != pids[other]} == touched
    assert node.kubectl.json("get", "configmap", "note")["data"] == {"text": "kept"}
    assert node.kubectl("exec", "server", "--", "cat", "/pages/index.html") == page


@pytest.mark.usefixtures("running")
def test_up_replaces_a_certificate_that_ends_soon_and_restarts_only_its_user() -> None:
    kubelet = next(leaf for leaf in pki.leaves(node.INSTANCE) if leaf.name == "kubelet")
    pki.Pki(node.INSTANCE).issue(replace(kubelet, days=29))
    pids = node.pids()
    node.up()
    assert not pki.Pki(node.INSTANCE).is_stale(kubelet)
    assert {name for name, pid in node.pids().items() if pid != pids[name]} == {"kubelet"}


@pytest.mark.usefixtures("running")
def test_up_brings_back_a_deleted_addon_and_a_deleted_admin_binding() -> None:
    node.kubectl("-n", "kube-system", "delete", "deployment", "coredns")
    node.kubectl("delete", "clusterrolebinding", pki.ADMINS)
    node.up()
    assert node.kubectl.json("-n", "kube-system", "get", "deployment", "coredns")["status"]["availableReplicas"] == 1


@pytest.mark.usefixtures("running")
def test_two_ups_at_once_do_not_race() -> None:
    node.kill("kube-scheduler")
    both = [node.bench_in_background("up") for _ in range(2)]
    assert [each.wait(timeout=300) for each in both] == [0, 0]
    assert len(programs("kube-scheduler")) == 1


@pytest.mark.usefixtures("running")
def test_a_process_whose_start_was_never_recorded_is_not_doubled() -> None:
    """The state after a kill of `up` between the start of a process and its record."""
    (node.INSTANCE.state / "processes" / "kube-scheduler.json").unlink()
    node.up()
    assert programs("kube-scheduler") == [node.pids()["kube-scheduler"]]


def programs(name: str) -> list[int]:
    """Processes of the node with this program, recorded or not."""
    return [pid for pid in cgroups.node_members(node.INSTANCE) if os.path.basename(os.readlink(f"/proc/{pid}/exe")) == name]  # noqa: PTH115, PTH119


def test_up_after_a_restart_of_the_machine_keeps_data(page: str) -> None:
    """A restart takes processes, namespaces, links and cgroups, and leaves the state folder."""
    cgroups.kill(node.INSTANCE)
    network.remove(node.INSTANCE)
    ready = node.INSTANCE.state / "namespaces-ready"
    namespaces.remove(node.INSTANCE)
    ready.touch()
    cgroups.remove(node.INSTANCE)
    node.up()
    node.kubectl("wait", "--for=condition=Ready", "pod/server", "--timeout=120s")
    assert node.kubectl.json("get", "configmap", "note")["data"] == {"text": "kept"}
    assert served_to_the_host(node.kubectl.json("get", "service", "web")["spec"]["clusterIP"]) == page


@pytest.mark.usefixtures("running")
def test_logs_prints_a_process_s_log_and_names_those_there_are() -> None:
    printed = node.bench("logs", "kubelet").stdout
    assert printed
    assert process.log_path(node.INSTANCE, "kubelet").read_text().startswith(printed)
    unknown = node.bench("logs", "nginx")
    assert unknown.returncode == 1
    assert "choose one of: etcd, containerd" in unknown.stdout


@pytest.mark.usefixtures("running")
def test_down_leaves_nothing_behind(before: node.Traces) -> None:
    done = node.bench("down")
    assert done.returncode == 0, done.stdout
    assert_only(before)
    assert not node.INSTANCE.state.exists()
    assert node.bench("status").returncode == 1


@pytest.mark.parametrize(("moment", "blow"), [("etcd", signal.SIGKILL), ("kube-apiserver", signal.SIGINT), ("kubelet", signal.SIGKILL)])
def test_up_continues_after_it_was_ended_half_way(before: node.Traces, moment: str, blow: signal.Signals) -> None:
    node.bench("down")
    first = node.bench_in_background("up")
    wait_for(lambda: moment in node.pids(), 60, f"{moment} to start")
    first.send_signal(blow)
    assert first.wait(timeout=30) != 0
    node.up()
    assert {name: len(programs(name)) for name in PROCESSES} == dict.fromkeys(PROCESSES, 1)
    node.bench("down")
    assert_only(before)


def test_an_address_that_is_taken_is_named(before: node.Traces) -> None:
    assert before
    node.bench("down")
    route = [node.INSTANCE.service_cidr.replace(".0.0/16", ".128.0/24"), "dev", "lo"]
    subprocess.run(["ip", "route", "add", *route], check=True)
    try:
        refused = node.bench("up")
    finally:
        subprocess.run(["ip", "route", "delete", *route], check=True)
    assert refused.returncode == 1
    assert route[0] in refused.stdout
    assert "Traceback" not in refused.stdout
