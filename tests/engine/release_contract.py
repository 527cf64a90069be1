"""The needed behaviour of `kubernetes.helm.v3.Release`: the third part of the provider contract (see provider_contract.py)."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.engine.harness import Cluster, Stack, descendants
from tests.engine.kinds import PAUSE, write_chart
from tests.engine.program import Resource
from tests.waiting import wait_for

pytestmark = pytest.mark.engine

_ROOT = Path(__file__).parents[2]


@pytest.fixture
def helm(environment: dict[str, str], namespace: str) -> Any:  # noqa: ANN401  # a function
    def run(*arguments: str) -> Any:  # noqa: ANN401  # decoded JSON
        command = ["helm", *arguments, "--namespace", namespace, "--output", "json"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)
        return json.loads(done.stdout)

    return run


def _release(namespace: str, name: str, chart: Path, **more: Any) -> Resource:  # noqa: ANN401  # any JSON value
    props = {"name": name, "namespace": namespace, "chart": str(chart), "values": {"greeting": "hello"}, "timeout": 30, **more}
    return Resource(name, "kubernetes:helm.sh/v3:Release", props)


def _write_workload(chart: Path, image: str, probe: str = "") -> None:
    (chart / "templates" / "deployment.yaml").write_text(
        f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: "{{{{ .Release.Name }}}}"}}
spec:
  selector: {{matchLabels: {{app: "{{{{ .Release.Name }}}}"}}}}
  template:
    metadata: {{labels: {{app: "{{{{ .Release.Name }}}}"}}}}
    spec: {{terminationGracePeriodSeconds: 0, containers: [{{name: main, image: "{image}"{probe}}}]}}
"""
    )


def test_an_upgrade_by_hand_is_drift(stack: Stack, namespace: str, helm: Any, tmp_path: Path) -> None:  # noqa: ANN401
    chart = write_chart(tmp_path / "chart")
    release = _release(namespace, "drifting", chart)
    assert stack.up([release]).code == 0
    helm("upgrade", "drifting", str(chart), "--set", "greeting=bye")
    assert stack.refresh().operations["drifting"] == {"update"}
    repaired = stack.up([release])
    assert repaired.changed() == {"drifting": {"update"}}, repaired.text
    assert helm("get", "values", "drifting") == {"greeting": "hello"}


def test_a_new_chart_version_is_an_upgrade(stack: Stack, namespace: str, helm: Any, tmp_path: Path) -> None:  # noqa: ANN401
    release = _release(namespace, "growing", write_chart(tmp_path / "chart"))
    assert stack.up([release]).code == 0
    write_chart(tmp_path / "chart", "0.2.0")
    run = stack.up([release])
    assert run.changed() == {"growing": {"update"}}, run.text
    assert run.paths["growing"] == {"version"}
    assert helm("get", "metadata", "growing")["version"] == "0.2.0"


def test_a_missing_chart_fails_in_the_preview(stack: Stack, namespace: str, tmp_path: Path) -> None:
    run = stack.preview([_release(namespace, "nowhere", tmp_path / "no-such-chart")])
    assert run.code != 0
    assert "no-such-chart" in run.text


def test_a_release_of_somebody_else_is_left_alone(stack: Stack, namespace: str, helm: Any, tmp_path: Path) -> None:  # noqa: ANN401
    chart = write_chart(tmp_path / "chart")
    helm("install", "theirs", str(chart), "--set", "greeting=theirs")
    run = stack.up([_release(namespace, "theirs", chart)])
    assert run.code != 0
    assert "re-use a name" in run.text
    assert helm("get", "values", "theirs") == {"greeting": "theirs"}


def test_an_uninstall_by_hand_is_a_deletion(stack: Stack, namespace: str, environment: dict[str, str], tmp_path: Path) -> None:
    release = _release(namespace, "removed", write_chart(tmp_path / "chart"))
    assert stack.up([release]).code == 0
    subprocess.run(["helm", "uninstall", "removed", "-n", namespace], env=environment, check=True, capture_output=True)
    assert stack.refresh().operations["removed"] == {"delete"}
    assert stack.up([release]).operations["removed"] == {"create"}


def test_a_release_that_does_not_start_is_kept_and_mended(stack: Stack, namespace: str, helm: Any, tmp_path: Path) -> None:  # noqa: ANN401
    chart = write_chart(tmp_path / "chart")
    _write_workload(chart, "registry.k8s.io/no-such-image:0")
    failed = stack.up([_release(namespace, "sick", chart, timeout=5)])
    assert failed.code != 0
    assert helm("get", "metadata", "sick")["status"] == "failed"
    _write_workload(chart, PAUSE)
    mended = stack.up([_release(namespace, "sick", chart)])
    assert mended.code == 0, mended.text
    assert mended.operations["sick"] == {"update"}
    assert helm("get", "metadata", "sick")["status"] == "deployed"


def test_a_killed_install_continues(
    stack: Stack,
    cluster: Cluster,
    namespace: str,
    helm: Any,  # noqa: ANN401
    tmp_path: Path,
    environment: dict[str, str],
) -> None:
    plugin = shutil.which("pulumi-resource-kubernetes", path=environment["PATH"])
    if plugin is None or not Path(plugin).resolve().is_relative_to(_ROOT):
        pytest.skip("the official plugin leaves the release pending (pulumi-kubernetes#2054)")
    chart = write_chart(tmp_path / "chart")
    _write_workload(chart, PAUSE, ', readinessProbe: {exec: {command: ["/no-such-program"]}}')
    release = _release(namespace, "killed", chart)
    with stack.running_up([release]) as process:
        wait_for(lambda: cluster.get("deployment", "killed", namespace), 30, "helm has created the deployment")
        below = [pid for pid, line in descendants(process.pid).items() if "pulumi-resource-" in line or "helm" in line]
        process.kill()
        process.wait(timeout=30)
        wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in below), 20, "the plugin and helm end")
    _write_workload(chart, PAUSE)
    stack.continue_killed(f"{namespace}/killed")
    run = stack.up([release])
    assert run.code == 0, run.text
    assert helm("get", "metadata", "killed")["status"] == "deployed"
