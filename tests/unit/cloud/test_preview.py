"""`make preview STACK=dev|prod`: that a real state is never shown to a simulated plugin; and which command a stack gets of make."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.cloud.deploy import deploy
from scripts.cloud.preview import preview, scratch_stack
from scripts.errors import DriverError
from scripts.preview.summary import marker
from tests.unit.cloud.machine import Machine, refused

ROOT = Path(__file__).parents[3]

SPY = f"""#!{sys.executable} -IS
# A fake of the Pulumi CLI for tests: keeps what it was called with.
import json, os, pathlib, sys

kept = {{"arguments": sys.argv[1:], "path": os.environ["PATH"], "backend": os.environ["PULUMI_BACKEND_URL"]}}
pathlib.Path(__file__).with_name("kept.json").write_text(json.dumps(kept))
"""


@pytest.fixture
def spied(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the fake Pulumi writes its call to; comments go beside it."""
    monkeypatch.setattr("scripts.preview.run.comment_file", lambda stack: machine.folder / f"preview-{stack}.md")
    (machine.folder / "bin/pulumi").write_text(SPY)
    return machine.folder / "bin/kept.json"


def test_a_real_state_is_previewed_with_the_persons_own_tools_alone(spied: Path, machine: Machine) -> None:
    preview("prod", ["--diff"])
    kept = json.loads(spied.read_text())
    assert kept["arguments"][:3] == ["preview", "--stack", "prod"]
    assert kept["arguments"][-3:] == ["--policy-pack", str(ROOT / "policies"), "--diff"]
    assert kept["path"].split(":") == [str(Path(sys.executable).parent), str(machine.folder / "bin")]


def test_a_preview_that_ended_before_it_began_says_so(spied: Path, machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """The fake writes no events."""
    stale = machine.folder / "preview-prod.md"
    stale.write_text("of an earlier run")
    preview("prod", [])
    assert "prod: the preview FAILED" in capsys.readouterr().out
    assert stale.read_text().startswith(f"{marker('prod')}\n### prod: the preview FAILED")
    assert json.loads(spied.read_text())["arguments"][0] == "preview"


def test_json_for_a_program_stays_json(spied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    preview("prod", ["--json"])
    assert json.loads(spied.read_text())["arguments"][-1] == "--json"
    assert capsys.readouterr().out == ""


def test_a_deployment_asks_nobody_and_needs_a_state(spied: Path, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.answer({"eks list-nodegroups": refused("ListNodegroups", "ResourceNotFoundException", "No cluster found")})
    deploy("prod", [])
    assert json.loads(spied.read_text())["arguments"][:5] == ["up", "--yes", "--non-interactive", "--stack", "prod"]
    assert "--policy-pack" in json.loads(spied.read_text())["arguments"]
    monkeypatch.delenv("PULUMI_BACKEND_URL")
    with pytest.raises(DriverError, match="PULUMI_BACKEND_URL is not set"):
        deploy("prod", [])


def test_a_real_state_without_pulumi_is_refused(machine: Machine) -> None:
    machine.without("pulumi")
    with pytest.raises(DriverError, match=r"install `pulumi` .* or unset PULUMI_BACKEND_URL"):
        preview("prod", [])


def test_a_scratch_stack_has_its_own_state_and_none_of_the_real_keys(spied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    committed = "secretsprovider: awskms://alias/real\nencryptedkey: real\nconfig:\n  inference-platform:mirror: {charts: there}\n"
    (tmp_path / "Pulumi.prod.yaml").write_text(committed)
    monkeypatch.setattr("scripts.stack_file.ROOT", tmp_path)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    file, _ = scratch_stack(scratch, "prod", {"mirror": {"manifests": "here"}}, {"PATH": str(spied.parent)})
    assert file.read_text() == "config:\n  inference-platform:mirror:\n    charts: there\n    manifests: here\n"
    assert json.loads(spied.read_text())["backend"] == (scratch / "state").as_uri()


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (["preview"], "scripts.preview local"),
        (["preview", "STACK=local", "ARGS=--diff"], "scripts.preview local --diff"),
        (["preview", "STACK=dev", "ARGS=--diff --json"], "scripts.preview dev --diff --json"),
        (["preview", "STACK=prod", "SUMMARY=only"], "scripts.preview --summary prod"),
        (["deploy", "STACK=prod"], "scripts.cloud deploy prod"),
        (["drift", "STACK=dev"], "scripts.preview dev --refresh --expect-no-changes"),
        (["comment", "STACK=dev"], "scripts.cloud.comment dev"),
        (["doctor"], "bench doctor"),
        (["doctor", "STACK=local"], "bench doctor"),
        (["doctor", "STACK=prod"], "scripts.cloud doctor prod"),
    ],
)
def test_make_gives_each_stack_its_command(arguments: list[str], command: str) -> None:
    # -o: as if the Python packages were installed. Only PATH of the environment: a `make` around this one hands its variables on.
    command_line = ["make", "--dry-run", "--no-print-directory", "-o", ".venv/.installed", *arguments]
    done = subprocess.run(command_line, cwd=ROOT, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=True)
    assert shlex.join(shlex.split(done.stdout)).endswith(f"python -m {command}")
