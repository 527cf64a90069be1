"""The user's own cluster: KUBECONFIG as kubectl reads it."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from scripts.errors import DriverError
from scripts.local import cluster as clusters

KUBECTL = f"""#!{sys.executable} -IS
# A fake kubectl for tests: the cluster's id is in the file `uid`; otherwise it says how it was called and what it was given.
import os, sys
if "kube-system" in sys.argv:
    print(open(os.path.join(os.path.dirname(__file__), "uid")).read())
    sys.exit()
print(" ".join(sys.argv[1:]), os.environ["KUBECONFIG"])
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two files `a` and `b`; the state's folder; a kubectl on PATH."""
    for name in "ab":
        (tmp_path / name).write_text(f"file {name}")
    (tmp_path / "uid").write_text("first")
    (tmp_path / "kubectl").write_text(KUBECTL)
    (tmp_path / "kubectl").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path


def running(monkeypatch: pytest.MonkeyPatch, *files: Path | str) -> clusters.Cluster:
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join(map(str, files)))
    return clusters.running()


def test_one_file_is_taken_as_it_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for files in ([folder / "a"], [folder / "missing", folder / "a"], ["", folder / "a", folder / "a"]):
        assert running(monkeypatch, *files).environment()["KUBECONFIG"] == str(folder / "a")
    assert not (folder / "state").exists()


def test_several_files_become_one_that_only_its_owner_reads(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        cluster = running(monkeypatch, folder / "a", folder / "missing", folder / "b")
    assert cluster.kubeconfig == folder / "state" / "inference-platform" / "kubeconfig"
    assert cluster.kubeconfig.read_text() == f"config view --raw --flatten {folder}/a:{folder}/b"
    assert stat.S_IMODE(cluster.kubeconfig.stat().st_mode) == 0o600
    assert stat.S_IMODE(cluster.kubeconfig.parent.stat().st_mode) == 0o700


def test_a_list_without_any_file_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DriverError, match=r"missing:.*other: no such file; unset it"):
        running(monkeypatch, folder / "missing", folder / "other")


def test_without_kubectl_several_files_cannot_be_merged(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "kubectl").unlink()
    with pytest.raises(DriverError, match="`kubectl` is not on PATH: install it"):
        running(monkeypatch, folder / "a", folder / "b")


def test_a_cluster_that_was_made_again_has_a_state_of_its_own(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = running(monkeypatch, folder / "a").state
    assert running(monkeypatch, folder / "b").state == first
    (folder / "uid").write_text("second")
    assert running(monkeypatch, folder / "a").state != first
