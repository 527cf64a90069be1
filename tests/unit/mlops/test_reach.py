"""How an address of the cluster is reached, with a kubectl that knows the Services of a test."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from scripts.errors import DriverError
from scripts.local import cluster
from scripts.local.cluster import Cluster
from scripts.mlops.load.session import HttpSession
from scripts.mlops.reach import Endpoint, reachable, surroundings
from tests.unit.mlops.fake_kubectl import Kubectl
from tests.unit.mlops.stub_server import Received, Reply, serving

NAME = "mnist.default.svc.cluster.local"


@pytest.fixture
def kubectl(tmp_path: Path) -> Kubectl:
    return Kubectl(tmp_path / "bin")


def named(received: Received) -> Reply:
    return Reply(received.host)


def asked(endpoint: Endpoint) -> bytes:
    return HttpSession(endpoint.url, host=endpoint.host).post(b"{}").content


def test_an_address_outside_the_cluster_is_left_as_it_is() -> None:
    with reachable("http://127.0.0.1:8080/v1", {}) as endpoint:
        assert endpoint == Endpoint("http://127.0.0.1:8080/v1", "127.0.0.1:8080")


def test_a_service_is_reached_at_its_address_under_its_name(kubectl: Kubectl) -> None:
    kubectl.services({"default/mnist": {"type": "ClusterIP", "clusterIP": "127.0.0.1"}})
    with serving(named) as url:
        port = urlsplit(url).port
        for host in (f"{NAME}:{port}", f"mnist.default.svc:{port}"):
            with reachable(f"http://{host}/v1", kubectl.environment) as endpoint:
                assert endpoint == Endpoint(f"http://127.0.0.1:{port}/v1", host)
                assert asked(endpoint).decode() == f'"{host}"'


def test_a_service_that_names_another_is_followed_and_its_own_name_is_sent(kubectl: Kubectl) -> None:
    kubectl.services(
        {
            "default/mnist": {"type": "ExternalName", "externalName": "gateway.system.svc.cluster.local"},
            "system/gateway": {"type": "ClusterIP", "clusterIP": "127.0.0.1"},
        }
    )
    with serving(named) as url:
        port = urlsplit(url).port
        with reachable(f"http://{NAME}:{port}/v1", kubectl.environment) as endpoint:
            assert asked(endpoint).decode() == f'"{NAME}:{port}"'
        tag = "latest-mnist-predictor.default.svc.cluster.local"
        with reachable(f"http://gateway.system.svc.cluster.local:{port}/v1", kubectl.environment, host=tag) as endpoint:
            assert asked(endpoint).decode() == f'"{tag}"'


@pytest.mark.parametrize("address", ["127.0.0.1", "None"])
def test_without_a_route_kubectl_forwards(kubectl: Kubectl, address: str) -> None:
    with serving(named) as url:
        kubectl.services({"default/mnist": {"type": "ClusterIP", "clusterIP": address}}, forwarded_port=urlsplit(url).port or 0)
        with reachable(f"http://{NAME}:9/v1", kubectl.environment) as endpoint:
            assert asked(endpoint).decode() == f'"{NAME}:9"'
    assert (kubectl.folder / "forwarded").read_text() == "--namespace default port-forward service/mnist :9"


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"other/mnist": {}}, 'service default/mnist is not there: Error from server .NotFound.: services "mnist" not found'),
        ({"default/mnist": {"type": "ExternalName", "externalName": "example.com"}}, "stands for example.com, which is no Service"),
        ({"default/mnist": {"type": "ExternalName", "externalName": NAME}}, "3 services in a row only name the next one"),
    ],
)
def test_a_service_that_leads_nowhere_is_named(kubectl: Kubectl, spec: dict[str, dict[str, str]], reason: str) -> None:
    kubectl.services(spec)
    with pytest.raises(DriverError, match=reason), reachable(f"http://{NAME}/v1", kubectl.environment):
        pass


def test_without_a_port_the_scheme_says_it(kubectl: Kubectl) -> None:
    for scheme, port in (("http", 80), ("https", 443)):
        kubectl.services({"monitoring/p": {"type": "ClusterIP", "clusterIP": "None"}}, forwarded_port=5)
        with reachable(f"{scheme}://p.monitoring.svc/api", kubectl.environment) as endpoint:
            assert endpoint == Endpoint(f"{scheme}://127.0.0.1:5/api", "p.monitoring.svc")
        assert (kubectl.folder / "forwarded").read_text().endswith(f"service/p :{port}")


def test_a_short_name_is_a_service_where_there_is_one(kubectl: Kubectl) -> None:
    kubectl.services({"monitoring/p": {"type": "ClusterIP", "clusterIP": "None"}}, forwarded_port=5)
    with reachable("http://p.monitoring:9090/api", kubectl.environment) as endpoint:
        assert endpoint == Endpoint("http://127.0.0.1:5/api", "p.monitoring:9090")
    with reachable("http://p.lan:9090/api", kubectl.environment) as endpoint:
        assert endpoint == Endpoint("http://p.lan:9090/api", "p.lan:9090")


def test_a_machine_without_kubectl_is_told_so() -> None:
    with pytest.raises(DriverError, match="kubectl, which isn't on PATH"), reachable(f"http://{NAME}/v1", {"PATH": "/nowhere"}):
        pass


@pytest.mark.parametrize("where", ["KUBECONFIG", "HOME"])
def test_a_pod_with_a_kubeconfig_reaches_the_cluster_that_it_names(where: str, tmp_path: Path) -> None:
    kubectl = Kubectl(tmp_path / "bin")
    config = tmp_path / ".kube/config"
    config.parent.mkdir()
    config.touch()
    kubectl.services({"default/other": {"type": "ClusterIP", "clusterIP": "127.0.0.1"}})
    named = {"KUBECONFIG": str(config), "HOME": "/nowhere"} if where == "KUBECONFIG" else {"HOME": str(tmp_path)}
    environment = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "PATH": str(kubectl.folder), **named}
    with pytest.raises(DriverError, match="service default/mnist is not there"), reachable("http://mnist.default.svc/", environment):
        pass


def test_the_bench_node_is_asked_where_nothing_says_of_which_cluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    node = Cluster(tmp_path / "kubeconfig", tmp_path, path=("/of/the/node",))
    monkeypatch.setattr(cluster, "running", lambda: node)
    for name, value in {"HOME": str(tmp_path), "KUBECONFIG": ""}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    found = surroundings(f"http://{NAME}/v1")
    assert found["KUBECONFIG"] == str(node.kubeconfig)
    assert "/of/the/node" in found["PATH"].split(os.pathsep)
    assert surroundings("http://127.0.0.1:8080/v1") is os.environ, "an address of no cluster"
    node.kubeconfig.touch()
    monkeypatch.setenv("KUBECONFIG", str(node.kubeconfig))
    assert surroundings(f"http://{NAME}/v1") is os.environ, "the user's own"
