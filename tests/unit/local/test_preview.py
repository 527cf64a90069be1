"""`make preview` of the local stack: the policy pack runs, and the summary comes after Pulumi's own output or instead of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from scripts.local import cluster as clusters
from scripts.local.cluster import Cluster
from scripts.local.workspace import COMMITTED, write_config
from scripts.preview.__main__ import main

ROOT = Path(__file__).parents[3]
PREVIEW = ROOT / "tests/unit/preview/previews/first_of_dev.jsonl"

FAKE = f"""#!{sys.executable} -IS
# A fake of the Pulumi CLI for tests: keeps what it was called with, and writes the events of a preview that was.
import json, pathlib, shutil, sys

arguments = sys.argv[1:]
if arguments[:2] == ["stack", "ls"]:
    print('[{{"name": "organization/inference-platform/local"}}]')
else:
    pathlib.Path(__file__).with_name("kept.json").write_text(json.dumps(arguments))
    shutil.copy("{PREVIEW}", arguments[arguments.index("--event-log") + 1])
    print("pulumi's own output")
    sys.exit("--fail" in arguments)
"""


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the fake Pulumi writes its arguments; the cluster is a person's own."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "pulumi").write_text(FAKE)
    (programs / "pulumi").chmod(0o755)
    monkeypatch.setattr("scripts.preview.run.comment_file", lambda stack: tmp_path / f"preview-{stack}.md")
    monkeypatch.setattr(clusters, "running", lambda: Cluster(tmp_path / "kubeconfig", tmp_path / "state", path=(str(programs),)))
    monkeypatch.setattr("scripts.local.workspace.build_images", lambda *_: {})
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)
    return programs / "kept.json"


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["preview", *words])
    return main()


def test_the_pack_runs_and_the_summary_follows(kept: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "local", "--diff") == 0
    arguments = json.loads(kept.read_text())
    assert arguments[:3] == ["preview", "--stack", "local"]
    assert arguments[arguments.index("--policy-pack") + 1] == str(ROOT / "policies")
    assert arguments[-3:] == ["--config-file", str(kept.parents[1] / "state/Pulumi.local.yaml"), "--diff"]
    text = capfd.readouterr().out
    assert text.index("pulumi's own output") < text.index("local: 328 to create")
    assert (kept.parents[1] / "preview-local.md").read_text().startswith("<!-- inference-platform preview: local -->")


@pytest.mark.usefixtures("kept")
def test_the_summary_alone(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "--summary", "local") == 0
    text = capfd.readouterr().out
    assert "pulumi's own output" not in text
    assert text.lstrip().startswith("local: 328 to create")


@pytest.mark.usefixtures("kept")
def test_a_preview_that_fails_is_told_as_well(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "local", "--fail") == 1
    said = capfd.readouterr()
    assert "local: 328 to create" in said.out
    assert said.err.endswith("ended with exit status 1; the reason is above; once it is mended, the same make target continues\n")


@pytest.mark.parametrize("place", ["file/preview-local.md", "folder/preview-local.md/there", "/proc/preview-local.md"])
def test_a_checkout_that_cannot_be_written_is_one_line(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], place: str
) -> None:
    """Root may write everywhere, but not below a file and not into /proc."""
    (tmp_path / "file").touch()
    monkeypatch.setattr("scripts.preview.run.comment_file", lambda _: tmp_path / place)
    assert run(monkeypatch, "local") == 1
    assert not kept.exists(), "Pulumi was started"
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith(f"error: the folder {(tmp_path / place).parent} must be writable, for the summary ")


STANDARD = {
    "metadata": {"annotations": {"serving.kserve.io/deploymentMode": "Standard"}},
    "spec": {"predictor": {"model": {"storageUri": "s3://models/a.pt"}}},
}


def test_what_runs_now_may_forbid_what_is_previewed(kept: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """The rules have tests of their own: here a canary meets a service in Standard mode."""
    kubectl = kept.with_name("kubectl")
    kubectl.write_text(f"#!/bin/sh\ncase \"$*\" in *inferenceservices*) echo '{json.dumps(STANDARD)}';; esac\n")
    kubectl.chmod(0o755)
    assert run(monkeypatch, "local") == 0
    source = kept.with_name("Pulumi.local.yaml")
    versions = ", ".join(f"{{name: v{n}, source: 's3://models/v{n}.pt', weight: {weight}}}" for n, weight in ((1, 90), (2, 10)))
    canary = COMMITTED.read_text().replace("      source: s3://models/mnist/mnist_cnn_single_gpu.pt\n", f"      versions: [{versions}]\n")
    source.write_text(canary + "  inference-platform:images: {mnist-classifier: {server: 'a:1', weights: 'b:1'}}\n")
    monkeypatch.setattr(write_config, "__defaults__", (source,))
    assert run(monkeypatch, "local") == 1
    said = capfd.readouterr()
    assert "local: 328 to create" in said.out
    assert "local must not be updated with this now:\nmodels.mnist-classifier.versions: the model runs in Standard mode" in said.err


@pytest.mark.parametrize("stack", ["staging", "../x"])
def test_a_stack_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], stack: str) -> None:
    assert run(monkeypatch, stack) == 1
    assert capsys.readouterr().err == f"error: there is no Pulumi.{stack}.yaml; stacks: dev, local, prod\n"
