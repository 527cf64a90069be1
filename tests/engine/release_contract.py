"""The needed behaviour of `kubernetes.helm.v3.Release`: the third part of the provider contract (see provider_contract.py)."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from scripts.local import orphans
from tests.engine.harness import Cluster, Stack
from tests.engine.kinds import PAUSE, write_chart
from tests.engine.program import Resource
from tests.waiting import wait_for

pytestmark = pytest.mark.engine


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


_NEVER_READY = ', readinessProbe: {exec: {command: ["/no-such-program"]}}'


@contextmanager
def _in_the_middle(stack: Stack, release: Resource, chart: Path, middle: Callable[[], object]) -> Iterator[subprocess.Popen[str]]:
    """An `up` of a release whose pod never gets ready, at the moment when `middle` is true."""
    _write_workload(chart, PAUSE, _NEVER_READY)
    with stack.running_up([release]) as process:
        wait_for(middle, 30, "helm waits for the deployment")
        yield process
    _write_workload(chart, PAUSE)


def _kill(process: subprocess.Popen[str], stack: Stack) -> None:
    """SIGKILL for the engine and its plugin."""
    process.kill()
    process.wait(timeout=30)
    orphans.end(stack.folder)


def test_a_killed_install_continues(stack: Stack, cluster: Cluster, namespace: str, helm: Any, tmp_path: Path) -> None:  # noqa: ANN401
    chart = write_chart(tmp_path / "chart")
    release = _release(namespace, "killed", chart)
    with _in_the_middle(stack, release, chart, lambda: cluster.get("deployment", "killed", namespace)) as process:
        _kill(process, stack)
    assert helm("status", "killed")["info"]["status"] == "pending-install"
    stack.continue_killed()
    run = stack.up([release])
    assert run.code == 0, run.text
    assert run.operations["killed"] == {"create"}
    assert helm("get", "metadata", "killed")["status"] == "deployed"


def test_a_killed_upgrade_continues(stack: Stack, namespace: str, helm: Any, tmp_path: Path) -> None:  # noqa: ANN401
    chart = write_chart(tmp_path / "chart")
    _write_workload(chart, PAUSE)
    assert stack.up([_release(namespace, "upgraded", chart)]).code == 0
    changed = _release(namespace, "upgraded", chart, values={"greeting": "bye"})

    def pending() -> bool:
        return bool(helm("status", "upgraded")["info"]["status"] == "pending-upgrade")

    with _in_the_middle(stack, changed, chart, pending) as process:
        _kill(process, stack)
    assert pending()
    stack.continue_killed()
    run = stack.up([changed])
    assert run.code == 0, run.text
    assert run.operations["upgraded"] == {"update"}
    assert helm("get", "values", "upgraded") == {"greeting": "bye"}
    assert helm("get", "metadata", "upgraded")["status"] == "deployed"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "kill"])
def test_an_interrupted_install_is_mended_by_the_next_up(
    stack: Stack,
    cluster: Cluster,
    namespace: str,
    helm: Any,  # noqa: ANN401
    tmp_path: Path,
    number: signal.Signals,
) -> None:
    chart, name = write_chart(tmp_path / "chart"), f"interrupted-{number}"
    release = _release(namespace, name, chart)
    with _in_the_middle(stack, release, chart, lambda: cluster.get("deployment", name, namespace)) as process:
        process.send_signal(number)
        assert process.wait(timeout=60) != 0
    run = stack.up([release])
    assert run.code == 0, run.text
    assert run.operations[name] == {"update"}, "the release was lost from the state"
    assert helm("get", "metadata", name)["status"] == "deployed"
