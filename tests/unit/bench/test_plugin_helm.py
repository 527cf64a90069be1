"""How a Release becomes a Helm command line, and what must never be on it."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
import yaml

from bench.plugins.errors import PluginError
from bench.plugins.kubernetes.chart import ReleaseSpec
from bench.plugins.kubernetes.errors import CancelledError
from bench.plugins.kubernetes.helm import HelmCli, HelmError

INPUTS = {"name": "kserve", "namespace": "kserve", "chart": "oci://example.com/charts/kserve"}
KUBECONFIG = {"users": [{"name": "u", "user": {"token": "kubeconfig-token"}}]}


@pytest.fixture
def fake_helm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A helm that writes down how it was called, with the modes and contents of the files it was given."""
    record = tmp_path / "record.json"
    helm = tmp_path / "helm"
    helm.write_text(
        "#!/usr/bin/env python3\n"
        "import json, os, pathlib, stat, sys, time\n"
        "files = [os.environ['KUBECONFIG'], *[a for a in sys.argv if a.endswith('.yaml')]]\n"
        "found = {f: [oct(stat.S_IMODE(os.stat(f).st_mode)), pathlib.Path(f).read_text()] for f in files}\n"
        f"pathlib.Path({str(record)!r}).write_text(json.dumps({{'argv': sys.argv, 'files': found}}))\n"
        "if 'fail' in sys.argv: sys.exit('Error: release: not found')\n"
        "if 'hang' in sys.argv: time.sleep(60)\n"
    )
    helm.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return record


def test_values_and_credentials_are_in_private_files_that_are_gone_afterwards(fake_helm: Path) -> None:
    HelmCli(KUBECONFIG, threading.Event()).run("install", "x", values={"password": "hunter2"})
    called = json.loads(fake_helm.read_text())
    assert not any("hunter2" in argument or "kubeconfig-token" in argument for argument in called["argv"])
    assert [mode for mode, _ in called["files"].values()] == ["0o600", "0o600"]
    assert [yaml.safe_load(text) for _, text in called["files"].values()] == [KUBECONFIG, {"password": "hunter2"}]
    assert not any(Path(name).exists() for name in called["files"])


@pytest.mark.usefixtures("fake_helm")
def test_helms_own_error_is_the_message() -> None:
    with pytest.raises(HelmError, match=r"^release: not found$") as caught:
        HelmCli(KUBECONFIG, threading.Event()).run("fail")
    assert caught.value.not_found


@pytest.mark.usefixtures("fake_helm")
def test_a_cancelled_operation_stops_helm() -> None:
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(CancelledError, match="interrupted"):
        HelmCli(KUBECONFIG, cancelled).run("hang")


def test_a_release_is_waited_for_unless_it_says_otherwise() -> None:
    assert "--wait" in ReleaseSpec.parse(INPUTS).options
    assert "--wait" not in ReleaseSpec.parse({**INPUTS, "skipAwait": True}).options


def test_the_chart_is_named_with_its_version_and_repository() -> None:
    spec = ReleaseSpec.parse({**INPUTS, "chart": "minio", "version": "1.2.3", "repositoryOpts": {"repo": "https://example.com"}})
    assert spec.source == ["minio", "--version", "1.2.3", "--repo", "https://example.com"]


@pytest.mark.parametrize("option", [{"postrender": "x"}, {"valueYamlFiles": ["a"]}, {"repositoryOpts": {"password": "x"}}])
def test_an_option_that_would_be_lost_is_refused(option: dict[str, object]) -> None:
    with pytest.raises(PluginError, match=next(iter(option))):
        ReleaseSpec.parse({**INPUTS, **option})
