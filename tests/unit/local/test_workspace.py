"""The driver's copy of the stack file, and the state it keeps beside it."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest
import yaml

from scripts.local.cluster import Cluster
from scripts.local.workspace import prepare, write_config


@pytest.fixture(autouse=True)
def _no_settings_of_a_user(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"):
        monkeypatch.delenv(name, raising=False)


def bench_cluster(folder: Path) -> Cluster:
    return Cluster(
        folder / "kubeconfig", folder / "pulumi", {"cluster": {"kind": "existing", "kubeconfig": "/there"}}, ("/tools",), is_bench=True
    )


def test_the_passphrase_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    first = prepare(bench_cluster(tmp_path)).environment["PULUMI_CONFIG_PASSPHRASE_FILE"]
    passphrase = Path(first).read_text()
    assert len(passphrase) >= 32
    assert stat.S_IMODE(Path(first).stat().st_mode) == 0o600
    assert stat.S_IMODE(Path(first).parent.stat().st_mode) == 0o700
    prepare(bench_cluster(tmp_path))
    assert Path(first).read_text() == passphrase


def test_what_the_user_set_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://theirs")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "theirs")
    monkeypatch.setenv("GOGC", "100")
    environment = prepare(bench_cluster(tmp_path)).environment
    assert environment["PULUMI_BACKEND_URL"] == "s3://theirs"
    assert environment["PULUMI_CONFIG_PASSPHRASE"] == "theirs"
    assert environment["GOGC"] == "100"
    assert "PULUMI_CONFIG_PASSPHRASE_FILE" not in environment
    assert not (tmp_path / "pulumi/passphrase").exists()


def test_a_kubeconfig_that_a_plugin_left_is_the_owners_alone_and_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMPDIR", raising=False)
    temporary = Path(prepare(bench_cluster(tmp_path)).environment["TMPDIR"])
    assert stat.S_IMODE(temporary.stat().st_mode) == 0o700
    for name, days in (("kubeconfig1", 2), ("kubeconfig2", 0), ("other", 2)):
        (temporary / name).write_text("")
        os.utime(temporary / name, (time.time() - days * 86400,) * 2)
    prepare(bench_cluster(tmp_path))
    assert sorted(path.name for path in temporary.iterdir()) == ["kubeconfig2", "other"]


def test_the_copy_adds_this_machine_to_the_committed_file_and_keeps_the_salt(tmp_path: Path) -> None:
    workspace = prepare(bench_cluster(tmp_path))
    workspace.config_file.write_text("encryptionsalt: v1:salt\nconfig:\n  inference-platform:stale: gone\n")
    write_config(workspace, bench_cluster(tmp_path), {"iris": {"server": "bench.local/iris-serving:abc"}})
    written = yaml.safe_load(workspace.config_file.read_text())
    assert written["encryptionsalt"] == "v1:salt"
    assert written["config"]["inference-platform:cluster"] == {"kind": "existing", "kubeconfig": "/there"}
    assert written["config"]["inference-platform:images"] == {"iris": {"server": "bench.local/iris-serving:abc"}}
    assert "inference-platform:models" in written["config"]
    assert "inference-platform:stale" not in written["config"]


def test_tools_of_the_bench_come_before_the_path_and_python_before_both(tmp_path: Path) -> None:
    path = prepare(bench_cluster(tmp_path)).environment["PATH"].split(":")
    assert path[1] == "/tools"
    assert (Path(path[0]) / "python3").exists()
