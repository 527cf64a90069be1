"""The commands that people know from KServe's and vLLM's own pages work as written, on a fresh deployment. SmolLM's: test_smollm.py."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import tools
from bench.paths import CACHE
from scripts.mlops.reach import Endpoint
from tests import nodes
from tests.node import platform

pytestmark = pytest.mark.node

MNIST = "mnist-classifier"
POD = "plain-python"
COPIED = ("scripts", "models", "components")


@pytest.fixture(scope="module")
def plain_python(up: platform.Done) -> Iterator[str]:
    """A pod of a plain Python 3.11 image with the repository's scripts in it, and nothing installed."""
    assert up.status == 0, up.output[-3000:]
    started(POD)
    yield POD
    platform.kubectl("delete", "pod", POD, "--wait=false")


def started(pod: str) -> None:
    platform.kubectl("run", pod, "--image", "bench.local/python:3.11-bookworm", "--command", "--", "sleep", "3600")
    platform.kubectl("wait", "--for=condition=Ready", f"pod/{pod}", "--timeout=90s")
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for folder in COPIED:
            archive.add(nodes.ROOT / folder, folder, filter=lambda item: None if "__pycache__" in item.name else item)
    inside(pod, "tar", "-xf", "-", "-C", "/tmp", stdin=content.getvalue())  # noqa: S108 - of the pod


def inside(pod: str, *words: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [str(tools.binary("kubectl")), f"--kubeconfig={platform.INSTANCE.kubeconfig}", "exec", "--stdin", pod, "--", *words]
    return subprocess.run(command, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, check=False)


@pytest.mark.usefixtures("mnist")
def test_kubectl_waits_for_the_model_by_its_name() -> None:
    waited = platform.kubectl("wait", "--for=condition=Ready", f"inferenceservice/{MNIST}", "--timeout=60s")
    assert "condition met" in waited


@pytest.mark.usefixtures("mnist")
def test_pods_are_found_by_the_label_that_kserve_sets() -> None:
    pods = platform.kubectl("get", "pods", "--selector", f"serving.kserve.io/inferenceservice={MNIST}", "--output", "name").split()
    assert pods
    assert all(pod.startswith(f"pod/{MNIST}-predictor") for pod in pods)


def test_the_check_runs_in_a_plain_python_pod_with_its_defaults(plain_python: str, mnist: Endpoint) -> None:
    assert mnist.host == f"{MNIST}.default.svc.cluster.local"
    # Other suites compute beside this one: how fast it is on cores of its own is measured in test_serverless.py.
    command = "cd /tmp && python3 scripts/mlops/test_mnist_inference.py --max-p95-ms 2000"
    done = inside(plain_python, "sh", "-c", command)
    text = done.stdout.decode()
    assert done.returncode == 0, text
    assert "success rate  100.00%" in text
    assert "all thresholds held" in text


@pytest.mark.usefixtures("mnist")
def test_the_check_runs_on_this_machine_with_no_kubeconfig(tmp_path: Path) -> None:
    nothing_named = nodes.environment(platform.INSTANCE) | {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(CACHE.parent)}
    check = ("scripts/mlops/test_mnist_inference.py", "--requests", "400", "--max-p95-ms", "2000")
    done = platform.run(sys.executable, *check, environment=nothing_named)
    assert done.status == 0, done.output
    assert "success rate  100.00%" in done.output
