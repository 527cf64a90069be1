"""`make load` and `make accuracy` against a stub in place of the platform: its address is reached, its replicas counted, the exit code is
that of what was asked for.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.structure.project import ROOT
from tests.unit.mlops.fake_kubectl import Kubectl, pod
from tests.unit.mlops.prometheus_server import prometheus
from tests.unit.mlops.streams import streamed, whole
from tests.unit.mlops.stub_server import PATH, Reply, one_hot, serving


def make(target: str, folder: Path, outputs: dict[str, Any], *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    pulumi = folder / "bin" / "pulumi"
    pulumi.write_text(f"#!{sys.executable} -IS\nprint({json.dumps(outputs)!r})\n")
    pulumi.chmod(0o755)
    (folder / "kubeconfig").touch()
    environment = {"PATH": str(pulumi.parent), "HOME": str(folder), "KUBECONFIG": str(folder / "kubeconfig"), **variables}
    command = [sys.executable, "-m", f"scripts.local.{target}", *options]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)


@pytest.fixture
def kubectl(tmp_path: Path) -> Kubectl:
    return Kubectl(tmp_path / "bin")


def test_the_running_stack_is_loaded_and_its_replicas_are_counted(tmp_path: Path, kubectl: Kubectl) -> None:
    kubectl.services({"default/mnist": {"type": "ClusterIP", "clusterIP": "127.0.0.1"}})
    kubectl.pods([pod("a", "mnist-predictor-00001", ready=True)])
    with serving(lambda _received: Reply(one_hot(3), served_by="mnist-predictor-00001/a")) as url:
        address = f"http://mnist.default.svc.cluster.local:{urlsplit(url).port}{PATH}"
        done = make("load", tmp_path, {"endpoints": {"mnist": address}}, "--requests", "20", "--json", "-", "--min-rate", "1000000")
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    assert report["url"] == address
    assert list(report["whole"]["versions"]) == ["mnist-predictor-00001"]
    assert report["replicas"]["first"] == 1


def test_the_accuracy_is_that_of_the_running_stack(tmp_path: Path, kubectl: Kubectl) -> None:
    kubectl.services({"default/mnist": {"type": "ClusterIP", "clusterIP": "127.0.0.1"}})
    with serving(lambda _received: Reply(one_hot(3))) as url:
        address = f"http://mnist.default.svc.cluster.local:{urlsplit(url).port}{PATH}"
        done = make("accuracy", tmp_path, {"endpoints": {"mnist": address}}, "--requests=400", "--max-p95-ms=10000", "--json")
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["broken_thresholds"] == ["accuracy 0.0900 is below 0.95"]


@pytest.mark.usefixtures("kubectl")
def test_without_a_platform_it_says_how_to_get_one(tmp_path: Path) -> None:
    done = make("load", tmp_path, {})
    assert done.returncode == 2
    assert done.stderr == "error: the stack has no endpoint of mnist; `make up` brings it\n"
    assert make("accuracy", tmp_path, {}).stderr == done.stderr
    assert "`make up SMOLLM=1` brings it" in make("load", tmp_path, {}, SERVICE="smollm").stderr
    assert "services: mnist, smollm" in make("load", tmp_path, {}, SERVICE="other").stderr


def test_of_smollm_every_version_is_counted(tmp_path: Path) -> None:
    versions = ["smollm-v1", "smollm-v2"]
    kubectl = Kubectl(tmp_path / "bin", services=versions)
    kubectl.services({"default/smollm": {"type": "ClusterIP", "clusterIP": "127.0.0.1"}})
    kubectl.pods([pod(f"{name}-predictor-7d9f-abcde", None, ready=True) for name in versions])
    configured = tmp_path / ".local/state/inference-platform/Pulumi.local.yaml"
    configured.parent.mkdir(parents=True)
    services = {"smollm": {"versions": [{"name": "v1"}, {"name": "v2"}]}}
    with serving(lambda _received: streamed(whole(3), "smollm-v1")) as url, prometheus({"waiting": "5"}, []) as seen:
        config = {"inference-platform:services": services, "inference-platform:monitoring": {"prometheusUrl": seen}}
        configured.write_text(json.dumps({"config": config}))
        address = f"http://smollm.default.svc.cluster.local:{urlsplit(url).port}/v1/completions"
        options = ["--requests", "20", "--warm-up", "0", "--json", "-", "--cpu"]
        done = make("load", tmp_path, {"endpoints": {"smollm": address}}, *options, SERVICE="smollm")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["whole"]["extra"]["tokens"] == 60
    assert report["gauges"]["requests_waiting"]
    assert report["replicas"]["changes"][0]["versions"].keys() == {f"{name}-predictor-7d9f" for name in versions}
