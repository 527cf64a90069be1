"""The two commands that people know, with nothing but Python's standard library: as in a plain `python:3.11` pod."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts.mlops import accuracy, questions, test_mnist_inference
from scripts.mlops.load.options import read
from scripts.mlops.load_test_smollm import SERVICE
from scripts.mlops.reach import Endpoint, reachable
from tests.structure.project import ROOT
from tests.unit.mlops.streams import streamed, whole
from tests.unit.mlops.stub_server import Received, Reply, one_hot, serving

pytestmark = pytest.mark.slow

MNIST = "http://mnist-classifier.default.svc.cluster.local/v1/models/mnist-classifier:predict"
SMOLLM = "http://smollm-text-generation.default.svc.cluster.local/v1/completions"


def run(script: str, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run it without site-packages, without the user's packages, and without any program on PATH."""
    plain = [sys.executable, "-I", "-S", str(ROOT / "scripts/mlops" / script), *options]
    environment = {"PATH": "", "HOME": str(folder), "KUBERNETES_SERVICE_HOST": "10.0.0.1"}
    return subprocess.run(plain, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_such_a_python_has_no_package_of_ours(tmp_path: Path) -> None:
    for package in ("numpy", "pydantic", "pulumi", "yaml"):
        done = subprocess.run([sys.executable, "-I", "-S", "-c", f"import {package}"], cwd=tmp_path, capture_output=True, check=False)
        assert done.returncode == 1, package


def test_the_check_of_mnist(tmp_path: Path) -> None:
    asked = questions.of_folder("mnist-classifier")
    assert asked
    assert asked.labelled
    known: dict[str, Any] = {str(json.loads(body)): label for body, label in asked.labelled(400) if label is not None}
    with serving(lambda received: Reply(one_hot(known.get(str(received.body), 0)))) as url:
        done = run("test_mnist_inference.py", tmp_path, "--url", url, "--requests=400", "--max-p95-ms=10000", "--json")
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout)
        assert (report["accuracy"], report["success_rate"], report["labelled_questions"]) == (1, 1, 300)
        slow = run("test_mnist_inference.py", tmp_path, "--url", url, "--requests=400", "--max-p95-ms=0.001")
    assert slow.returncode == 1
    assert "is not below 0.001 ms" in slow.stdout


def test_the_load_on_smollm(tmp_path: Path) -> None:
    asked: list[Received] = []

    def answer(received: Received) -> Reply:
        asked.append(received)
        return streamed(whole(4), "smollm-text-generation-v1")

    with serving(answer) as url:
        options = ["--warm-up=0", "--max-p95-ms=10000", "--min-rate=0.1", "--json=-"]
        done = run("load_test_smollm.py", tmp_path, "--url", url, *options)
        assert done.returncode == 0, done.stderr
        broken = run("load_test_smollm.py", tmp_path, "--url", url, "--warm-up=0", "--max-p95-ms=0.001", "--requests=10")
    report = json.loads(done.stdout)
    assert (report["clients"], report["whole"]["requests"], report["whole"]["extra"]["tokens"]) == (10, 100, 400)
    assert {received.body["model"] for received in asked} == {"smollm-text-generation"}
    assert broken.returncode == 1
    assert "is not below 0.001 ms" in broken.stdout


def test_they_ask_the_addresses_that_people_know(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(SERVICE, []).url == SMOLLM
    found: list[accuracy.Subject] = []

    def keep(subject: accuracy.Subject, _arguments: list[str] | None) -> int:
        found.append(subject)
        return 0

    monkeypatch.setattr(accuracy, "check", keep)
    test_mnist_inference.main([])
    assert [(each.model, each.url, each.p95_ms) for each in found] == [("mnist-classifier", MNIST, 100)]


@pytest.mark.parametrize("url", [MNIST, SMOLLM])
def test_a_pod_asks_its_own_cluster_as_it_is(url: str, tmp_path: Path) -> None:
    host = url.split("/")[2]
    with reachable(url, {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "HOME": str(tmp_path), "PATH": ""}) as endpoint:
        assert endpoint == Endpoint(url, host)


@pytest.mark.parametrize("file", ["test_mnist_inference.py", "load_test_smollm.py"])
def test_they_are_thin(file: str) -> None:
    assert len((ROOT / "scripts/mlops" / file).read_text().splitlines()) <= 40
