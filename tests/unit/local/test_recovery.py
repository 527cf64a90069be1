"""After a kill the same command goes on: locks of the dead are released, their half-made objects adopted."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from scripts.errors import DriverError
from scripts.local.recovery import adopt_pending_creates, release_stale_lock
from scripts.local.workspace import Workspace

RELEASE = {"urn": "urn:release", "type": "kubernetes:helm.sh/v3:Release", "inputs": {"name": "kserve", "namespace": "kserve"}}
DEPLOYMENT: dict[str, Any] = {
    "urn": "urn:deployment",
    "type": "kubernetes:apps/v1:Deployment",
    "inputs": {"metadata": {"name": "web", "namespace": "shop"}},
}
NAMESPACE = {"urn": "urn:namespace", "type": "kubernetes:core/v1:Namespace", "inputs": {"metadata": {"name": "shop"}}}
PASSWORD = {"urn": "urn:password", "type": "random:index/randomPassword:RandomPassword", "inputs": {}}


def workspace_with_tools(
    folder: Path, exported: dict[str, Any], found: list[str], managers: Sequence[dict[str, str]] = (), refusal: str = ""
) -> tuple[Workspace, Path]:
    """Programs in place of pulumi, kubectl and helm that record their calls; `found` are the objects that exist.

    `managers` are the field managers of each; `refusal` ends `kubectl get`. `helm status` prints the file `<name>.json` if it exists.
    """
    calls, tools = folder / "calls", folder / "tools"
    tools.mkdir()
    (folder / "export.json").write_text(json.dumps(exported))
    (folder / "live.json").write_text(json.dumps({"metadata": {"managedFields": [*managers]}}))
    scripts = {
        "pulumi": f'echo "pulumi $*" >> {calls}; case $2 in export) cat {folder}/export.json;; import) cp $6 {folder}/imported.json;; esac',
        "kubectl": f'case " {" ".join(found)} " in *" $3 "*) cat {folder}/live.json;; esac; {refusal}',
        "helm": f'echo "helm $*" >> {calls}; [ $1 = status ] || exit 0; cat {folder}/$2.json',
    }
    for name, script in scripts.items():
        (tools / name).write_text(f"#!/bin/sh\n{script}\n")
        (tools / name).chmod(0o755)
    environment = {"PATH": f"{tools}:{os.environ['PATH']}", "PULUMI_BACKEND_URL": f"file://{folder}/backend"}
    calls.touch()
    return Workspace(folder, environment), calls


def pending(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"deployment": {"pending_operations": [{"type": "creating", "resource": resource} for resource in resources]}}


def release_is(folder: Path, status: str) -> None:
    (folder / "kserve.json").write_text(json.dumps({"name": "kserve", "info": {"status": status}}))


def lock(folder: Path, pid: int, host: str) -> None:
    locks = folder / "backend/.pulumi/locks/organization/inference-platform/local"
    locks.mkdir(parents=True)
    (locks / "one.json").write_text(json.dumps({"pid": pid, "hostname": host}))


def dead_pid() -> int:
    with subprocess.Popen(["true"]) as process:
        process.wait()
    return process.pid


@pytest.fixture
def running_pulumi(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is called `pulumi` and runs until it is killed."""
    program = tmp_path / "pulumi"
    shutil.copy("/bin/sleep", program)
    with subprocess.Popen([program, "60"]) as process:
        yield process
        process.kill()


def is_released(folder: Path, pid: int, host: str = socket.gethostname()) -> bool:
    workspace, calls = workspace_with_tools(folder, {}, [])
    lock(folder, pid, host)
    release_stale_lock(workspace)
    return "pulumi cancel --yes" in calls.read_text()


def test_a_lock_whose_holder_is_gone_is_released(tmp_path: Path) -> None:
    assert is_released(tmp_path, dead_pid())


def test_a_holder_that_was_killed_and_is_not_reaped_yet_is_gone(tmp_path: Path, running_pulumi: subprocess.Popen[bytes]) -> None:
    running_pulumi.kill()
    os.waitid(os.P_PID, running_pulumi.pid, os.WEXITED | os.WNOWAIT)  # it is a zombie now, and stays one
    assert is_released(tmp_path, running_pulumi.pid)


def test_a_process_that_got_the_holders_id_later_does_not_count(tmp_path: Path) -> None:
    assert is_released(tmp_path, os.getpid())


def test_the_lock_of_a_run_that_lives_stays(tmp_path: Path, running_pulumi: subprocess.Popen[bytes]) -> None:
    assert not is_released(tmp_path, running_pulumi.pid)


def test_the_lock_of_another_machine_stays(tmp_path: Path) -> None:
    assert not is_released(tmp_path, dead_pid(), host="another-machine")


def test_objects_that_exist_are_adopted_with_their_ids_and_the_others_forgotten(tmp_path: Path) -> None:
    workspace, calls = workspace_with_tools(tmp_path, pending(RELEASE, DEPLOYMENT, NAMESPACE, PASSWORD), ["shop"])
    release_is(tmp_path, "deployed")
    adopt_pending_creates(workspace)
    mended = json.loads((tmp_path / "imported.json").read_text())["deployment"]
    assert {resource["urn"]: resource["id"] for resource in mended["resources"]} == {
        "urn:release": "kserve/kserve",
        "urn:namespace": "shop",
    }
    assert mended["pending_operations"] == []
    assert "--target urn:release --target urn:namespace" in calls.read_text()


@pytest.mark.parametrize("status", ["pending-install", "failed"])
def test_a_release_whose_installation_did_not_end_well_is_removed_and_made_again(tmp_path: Path, status: str) -> None:
    workspace, calls = workspace_with_tools(tmp_path, pending(RELEASE), [])
    release_is(tmp_path, status)
    adopt_pending_creates(workspace)
    assert "helm uninstall kserve --namespace kserve --no-hooks --wait\n" in calls.read_text()
    mended = json.loads((tmp_path / "imported.json").read_text())["deployment"]
    assert mended == {"pending_operations": [], "resources": []}


def test_a_release_that_was_never_begun_is_forgotten(tmp_path: Path) -> None:
    workspace, calls = workspace_with_tools(tmp_path, pending(RELEASE), [])
    adopt_pending_creates(workspace)
    assert "uninstall" not in calls.read_text()
    assert json.loads((tmp_path / "imported.json").read_text())["deployment"]["resources"] == []


@pytest.mark.parametrize(("status", "rolled_back"), [("pending-upgrade", True), ("deployed", False), ("failed", False)])
def test_an_upgrade_that_was_cut_off_is_rolled_back_and_nothing_else_is(tmp_path: Path, status: str, rolled_back: bool) -> None:
    updating = {"deployment": {"pending_operations": [{"type": "updating", "resource": RELEASE}]}}
    workspace, calls = workspace_with_tools(tmp_path, updating, [])
    release_is(tmp_path, status)
    adopt_pending_creates(workspace)
    assert ("helm rollback kserve --namespace kserve --no-hooks\n" in calls.read_text()) == rolled_back
    assert "uninstall" not in calls.read_text()
    assert not (tmp_path / "imported.json").exists(), "the state knows the release"


def test_a_namespaced_object_is_adopted_under_its_namespace(tmp_path: Path) -> None:
    workspace, _ = workspace_with_tools(tmp_path, pending(DEPLOYMENT), ["web"])
    adopt_pending_creates(workspace)
    (adopted,) = json.loads((tmp_path / "imported.json").read_text())["deployment"]["resources"]
    assert adopted["id"] == "shop/web"
    assert adopted["outputs"] == DEPLOYMENT["inputs"]


def test_an_object_is_adopted_with_the_field_manager_that_made_it(tmp_path: Path) -> None:
    managers = [
        {"manager": "kube-controller-manager", "operation": "Update"},
        {"manager": "operator", "operation": "Apply"},
        {"manager": "pulumi-kubernetes-2", "operation": "Update"},
        {"manager": "pulumi-kubernetes-1", "operation": "Apply"},
    ]
    workspace, _ = workspace_with_tools(tmp_path, pending(DEPLOYMENT), ["web"], managers)
    adopt_pending_creates(workspace)
    (adopted,) = json.loads((tmp_path / "imported.json").read_text())["deployment"]["resources"]
    assert adopted["outputs"] == DEPLOYMENT["inputs"] | {"__fieldManager": "pulumi-kubernetes-1"}


def test_an_object_whose_kind_went_with_its_definition_is_forgotten(tmp_path: Path) -> None:
    refusal = """echo 'error: the server doesn'"'"'t have a resource type "Deployment"' >&2; exit 1"""
    workspace, _ = workspace_with_tools(tmp_path, pending(DEPLOYMENT), [], refusal=refusal)
    adopt_pending_creates(workspace)
    assert json.loads((tmp_path / "imported.json").read_text())["deployment"]["resources"] == []


def test_nothing_is_forgotten_while_the_cluster_does_not_answer(tmp_path: Path) -> None:
    """The next `up` would make the object under another field manager, and every later change of it would be refused."""
    workspace, _ = workspace_with_tools(tmp_path, pending(DEPLOYMENT), [], refusal="echo 'connection refused' >&2; exit 1")
    with pytest.raises(DriverError, match=r"may have made Deployment.v1.apps web, and the cluster does not say: connection refused"):
        adopt_pending_creates(workspace)
    assert not (tmp_path / "imported.json").exists()


def test_nothing_happens_where_nothing_was_cut_off(tmp_path: Path) -> None:
    workspace, calls = workspace_with_tools(tmp_path, {"deployment": {}}, [])
    adopt_pending_creates(workspace)
    release_stale_lock(workspace)
    assert "refresh" not in calls.read_text()
    assert "cancel" not in calls.read_text()
