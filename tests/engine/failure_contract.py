"""The provider's behaviour when something fails: the second half of the provider contract (see provider_contract.py)."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from scripts.local import orphans
from tests.engine.harness import Cluster, Stack, descendants
from tests.engine.kinds import PAUSE, SHELL
from tests.engine.program import Resource
from tests.waiting import wait_for

pytestmark = pytest.mark.engine

_MISSING_IMAGE = "registry.k8s.io/no-such-image:0"
_SLOW_START = "sleep 4; touch /tmp/ready; sleep 3600"


def _config(namespace: str, name: str, value: str = "1", **metadata: Any) -> Resource:  # noqa: ANN401  # any JSON value
    props = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace, **metadata}, "data": {"a": value}}
    return Resource(name, "kubernetes:core/v1:ConfigMap", props, provider="mutable")


def _deployment(namespace: str, name: str, container: dict[str, Any], *, timeout: str = "", **annotations: str) -> Resource:
    named = {key.replace("_", "/"): value for key, value in annotations.items()}
    pod = {"containers": [{"name": "main", **container}], "terminationGracePeriodSeconds": 0}
    template = {"metadata": {"labels": {"app": name}}, "spec": pod}
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": name}}, "template": template}
    metadata = {"name": name, "namespace": namespace, "annotations": named}
    props = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}
    return Resource(name, "kubernetes:apps/v1:Deployment", props, timeout=timeout)


def _slow(namespace: str, name: str) -> Resource:
    probe = {"exec": {"command": ["cat", "/tmp/ready"]}, "periodSeconds": 1}  # noqa: S108  # in the container
    return _deployment(namespace, name, {"image": SHELL, "command": ["sh", "-c", _SLOW_START], "readinessProbe": probe}, timeout="60s")


def test_a_create_of_what_exists_fails_and_leaves_it_alone(stack: Stack, cluster: Cluster, namespace: str) -> None:
    cluster.apply(_config(namespace, "taken", "theirs").props)
    run = stack.up([_config(namespace, "taken", "ours")])
    assert run.code != 0
    assert "conflict" in run.text
    assert cluster.get("configmap", "taken", namespace)["data"] == {"a": "theirs"}  # type: ignore[index]


def test_an_invalid_object_fails_in_the_preview_by_name(stack: Stack, namespace: str) -> None:
    wrong = _deployment(namespace, "mismatch", {"image": PAUSE})
    wrong.props["spec"]["selector"] = {"matchLabels": {"app": "other"}}
    run = stack.preview([wrong])
    assert run.code != 0
    assert "mismatch" in run.text
    assert "selector" in run.text
    assert "Traceback" not in run.text


def test_a_failed_job_says_why(stack: Stack, namespace: str) -> None:
    container = {"name": "main", "image": SHELL, "command": ["sh", "-c", "echo the model is not there > /dev/termination-log; exit 3"]}
    template = {"spec": {"restartPolicy": "Never", "containers": [container]}}
    metadata = {"name": "smoke", "namespace": namespace}
    props = {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {"backoffLimit": 0, "template": template}}
    run = stack.up([Resource("smoke", "kubernetes:batch/v1:Job", props, timeout="15s")])
    assert run.code != 0
    assert "the model is not there" in run.text


def test_a_failed_job_that_asks_for_it_runs_again_with_the_next_up(stack: Stack, cluster: Cluster, namespace: str) -> None:
    """And one that asks and has succeeded does not."""
    container = {
        "name": "main",
        "image": SHELL,
        "command": ["sh", "-c", "cat /given/answer"],
        "volumeMounts": [{"name": "given", "mountPath": "/given"}],
    }
    given = {"name": "given", "configMap": {"name": "given", "optional": True}}
    template = {"spec": {"restartPolicy": "Never", "containers": [container], "volumes": [given]}}
    metadata = {"name": "again", "namespace": namespace, "annotations": {"pulumi.com/replaceUnready": "true"}}
    props = {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {"backoffLimit": 0, "template": template}}
    job = [Resource("again", "kubernetes:batch/v1:Job", props, timeout="20s")]
    assert stack.up(job).code != 0
    cluster.kubectl("create", "configmap", "given", "--from-literal=answer=42", "-n", namespace)
    again = stack.up(job)
    assert again.code == 0, again.text
    assert "replace" in again.operations["again"]
    assert stack.up(job).changed() == {}


def test_what_does_not_start_is_named_kept_and_mended_by_the_next_up(stack: Stack, cluster: Cluster, namespace: str) -> None:
    by_option = _deployment(namespace, "by-option", {"image": _MISSING_IMAGE}, timeout="6s")
    by_annotation = _deployment(namespace, "by-annotation", {"image": _MISSING_IMAGE}, **{"pulumi.com_timeoutSeconds": "6"})
    skipped = _deployment(namespace, "skipped", {"image": _MISSING_IMAGE}, **{"pulumi.com_skipAwait": "true"})
    failed = stack.up([by_option, by_annotation, skipped])
    assert failed.code != 0
    for name in ("by-option", "by-annotation"):
        assert f"{name}-" in failed.text, "the pod is not named"
        assert cluster.get("deployment", name, namespace)
    assert "no-such-image" in failed.text
    assert "ImagePullBackOff" in failed.text or "ErrImagePull" in failed.text
    fixed = [_deployment(namespace, name, {"image": PAUSE}, timeout="60s") for name in ("by-option", "by-annotation")]
    mended = stack.up([*fixed, skipped])
    assert mended.code == 0, mended.text
    assert mended.changed() == {"by-option": {"update"}, "by-annotation": {"update"}}


def test_what_was_deleted_behind_pulumis_back_is_made_again(stack: Stack, cluster: Cluster, namespace: str) -> None:
    assert stack.up([_config(namespace, "lost")]).code == 0
    cluster.kubectl("delete", "configmap", "lost", "-n", namespace)
    assert stack.refresh().operations["lost"] == {"delete"}
    assert stack.up([_config(namespace, "lost")]).operations["lost"] == {"create"}
    cluster.kubectl("delete", "configmap", "lost", "-n", namespace)
    assert stack.destroy().code == 0, "a delete of what is gone is a success"


def test_a_field_of_another_manager_is_not_overruled_unless_asked(stack: Stack, cluster: Cluster, namespace: str) -> None:
    assert stack.up([_config(namespace, "shared")]).code == 0
    theirs = _config(namespace, "shared", "theirs").props
    cluster.apply_as("somebody", theirs)
    refused = stack.up([_config(namespace, "shared", "2")])
    assert refused.code != 0
    assert "conflict" in refused.text
    assert "somebody" in refused.text
    forced = stack.up([_config(namespace, "shared", "2", annotations={"pulumi.com/patchForce": "true"})])
    assert forced.code == 0, forced.text
    assert cluster.get("configmap", "shared", namespace)["data"] == {"a": "2"}  # type: ignore[index]


def test_an_ignored_change_leaves_the_live_value_alone(stack: Stack, cluster: Cluster, namespace: str) -> None:
    def scaled(replicas: int, **labels: str) -> Resource:
        made = _deployment(namespace, "scaled", {"image": PAUSE})
        made.props["spec"]["replicas"] = replicas
        made.props["metadata"]["labels"] = labels
        return Resource(made.name, made.type, made.props, ignore=("spec.replicas",))

    assert stack.up([scaled(1)]).code == 0
    cluster.kubectl("scale", "deployment", "scaled", "--replicas=2", "-n", namespace)
    run = stack.up([scaled(1, a="b")])
    assert run.code == 0, run.text
    assert cluster.get("deployment", "scaled", namespace)["spec"]["replicas"] == 2  # type: ignore[index]


def test_a_delete_waits_for_finalizers(stack: Stack, cluster: Cluster, namespace: str) -> None:
    held = _config(namespace, "held", finalizers=["example.com/hold"])
    held = Resource(held.name, held.type, held.props, provider="mutable", timeout="4s")
    assert stack.up([held]).code == 0
    assert stack.destroy().code != 0
    assert cluster.get("configmap", "held", namespace), "the finalizer was ignored"
    cluster.patch("configmap", "held", namespace, {"metadata": {"finalizers": None}})
    assert stack.destroy().code == 0


def test_a_dead_cluster_is_named_and_does_not_spoil_the_preview(tmp_path: Path, environment: dict[str, str]) -> None:
    kubeconfig = tmp_path / "dead"
    kubeconfig.write_text(
        '{"apiVersion": "v1", "kind": "Config", "current-context": "dead", "users": [{"name": "u", "user": {"token": "t"}}],'
        ' "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],'
        ' "contexts": [{"name": "dead", "context": {"cluster": "c", "user": "u"}}]}'
    )
    stack = Stack(tmp_path, {**environment, "KUBECONFIG": str(kubeconfig)})
    resources = [_config("default", f"c{index}") for index in range(5)]
    preview = stack.preview(resources)
    assert preview.code == 0, preview.text
    run = stack.up(resources)
    assert run.code != 0
    assert "unreachable" in run.text


def test_a_killed_create_is_taken_over_and_can_be_changed(stack: Stack, cluster: Cluster, namespace: str) -> None:
    slow = _slow(namespace, "killed-create")
    with stack.running_up([slow]) as process:
        wait_for(lambda: cluster.get("deployment", slow.name, namespace), 30, "the deployment is created")
        process.kill()
        process.wait(timeout=30)
    taken = stack.continue_killed()
    assert taken.code == 0, taken.text
    run = stack.up([slow])
    assert run.code == 0, run.text
    assert cluster.get("deployment", slow.name, namespace)["status"]["availableReplicas"] == 1  # type: ignore[index]
    run = stack.up([_deployment(namespace, slow.name, {"image": PAUSE})])
    assert run.code == 0, run.text
    (container,) = cluster.get("deployment", slow.name, namespace)["spec"]["template"]["spec"]["containers"]  # type: ignore[index]
    assert container["image"] == PAUSE
    assert "command" not in container, "the field of the killed run is still there"


@pytest.mark.parametrize("victim", ["engine", "plugin"])
def test_a_killed_update_continues(stack: Stack, cluster: Cluster, namespace: str, victim: str) -> None:
    name = f"killed-{victim}"
    assert stack.up([_deployment(namespace, name, {"image": PAUSE})]).code == 0
    slow = _slow(namespace, name)
    with stack.running_up([slow]) as process:
        wait_for(lambda: cluster.get("deployment", name, namespace)["metadata"]["generation"] == 2, 30, "the update is sent")  # type: ignore[index]
        plugins = [pid for pid, line in descendants(process.pid).items() if "pulumi-resource-kubernetes" in line]
        for pid in [process.pid] if victim == "engine" else plugins:
            os.kill(pid, signal.SIGKILL)
        process.wait(timeout=30)
    stack.unlock()
    run = stack.up([slow])
    assert run.code == 0, run.text
    assert cluster.get("deployment", name, namespace)["status"]["availableReplicas"] == 1  # type: ignore[index]


def test_a_plugin_that_outlives_its_engine_is_known_as_an_orphan(stack: Stack, cluster: Cluster, namespace: str) -> None:
    slow = _slow(namespace, "orphan")
    with stack.running_up([slow]) as process:
        wait_for(lambda: cluster.get("deployment", "orphan", namespace), 30, "the deployment is created")
        children = [pid for pid, line in descendants(process.pid).items() if "pulumi-resource-" in line]
        assert children
        orphans.end(stack.folder)
        assert all(Path(f"/proc/{pid}").exists() for pid in children), "a live engine lost its plugin"
        process.kill()
        process.wait(timeout=30)
        orphans.end(stack.folder)
        wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children), 15, "the plugins end")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "kill"])
def test_an_interrupted_up_ends_at_once_and_keeps_what_exists(
    stack: Stack, cluster: Cluster, namespace: str, number: signal.Signals
) -> None:
    slow = _slow(namespace, f"interrupted-{number}")
    with stack.running_up([slow]) as process:
        wait_for(lambda: cluster.get("deployment", slow.name, namespace), 30, "the deployment is created")
        process.send_signal(number)
        process.wait(timeout=60)
        assert process.returncode != 0
    run = stack.up([slow])
    assert run.code == 0, run.text
    assert run.operations[slow.name] == {"update"}, "the object was lost from the state"
