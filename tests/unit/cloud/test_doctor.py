"""The command: what it needs on PATH, what it prints, and its exit status."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.cloud.aws import Aws, AwsError
from scripts.cloud.doctor import report
from scripts.errors import DriverError
from stacks import supply
from stacks.config import parse
from tests.stack_files import committed
from tests.unit.cloud.machine import Machine, refused

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]


def test_the_exit_status_says_whether_something_is_missing(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    assert report(machine.findings()) == 0
    assert capsys.readouterr().out.endswith("\nall 16 checks passed\n")
    machine.calls["s3api get-bucket-versioning"] = {}
    assert report(machine.findings()) == 1
    assert capsys.readouterr().out.endswith("\n1 of 16 checks need a fix\n")


def test_a_finding_is_a_line_and_its_remedy_another(machine: Machine) -> None:
    machine.calls["kms describe-key"]["KeyMetadata"]["KeyState"] = "Disabled"
    assert str(machine.found("secrets key")).splitlines() == [
        "missing  secrets key      alias/inference-platform is Disabled",
        "                          to fix it: aws kms enable-key --key-id 1234abcd --region eu-west-1",
    ]
    assert str(machine.found("region")) == "ok       region           eu-central-1"


def test_without_the_cli_nothing_is_asked(machine: Machine) -> None:
    machine.without("aws")
    *_, last = machine.findings()
    assert (last.check, last.state) == ("aws", "not on PATH")
    assert "docs.aws.amazon.com/cli" in last.remedy


def test_without_pulumi_the_account_is_looked_at_all_the_same(machine: Machine) -> None:
    machine.without("pulumi")
    assert [finding.check for finding in machine.findings() if finding.missing] == ["pulumi"]


def test_a_stack_without_a_cluster_of_its_own_is_not_for_this_doctor(machine: Machine) -> None:
    machine.stack.clear()
    with pytest.raises(DriverError, match=r"cluster.kind is existing; .*`python -m bench doctor`"):
        list(machine.findings())


def test_a_cli_that_hangs_is_given_up(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scripts.cloud.aws.SECONDS", 0.2)
    (machine.folder / "bin/aws").write_text(f"#!{sys.executable}\nimport signal\nsignal.pause()\n")
    with pytest.raises(AwsError, match=r"no answer within 0\.2 s"):
        Aws("eu-central-1")("sts", "get-caller-identity")


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_committed_stacks_can_be_examined(machine: Machine, stack: str) -> None:
    machine.calls["sts get-caller-identity"] = refused("GetCallerIdentity", "ExpiredToken", "expired")
    machine.answer(machine.calls)
    done = subprocess.run(
        [sys.executable, "-m", "scripts.cloud", "doctor", stack], cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr == ""
    assert "missing  identity         An error occurred (ExpiredToken)" in done.stdout


def test_what_an_up_needs_is_the_programs_own_list(machine: Machine) -> None:
    """The same lines as in a preview (tests/unit/test_supply.py)."""
    machine.stack |= {key: value for key, value in committed("prod").items() if key not in {"cluster", "gpu"}}
    machine.stack["cluster"]["systemNodes"] = {"releaseVersion": "1.35.7-20260911"}
    machine.stack["gpu"]["releaseVersion"] = "1.35.7-20260911"
    needs = supply.needs(parse(machine.stack, "prod"))
    told = [finding for finding in machine.findings() if finding.check in {"images", "weights", "digests"}]
    assert [(finding.check, finding.missing) for finding in told] == [("images", True), ("weights", False), ("digests", True)]
    assert [(finding.state, finding.remedy) for finding in told if finding.missing] == [
        (need.what, need.command) for need in needs if need.required
    ]


def test_what_an_up_can_do_without_wants_no_mending(machine: Machine) -> None:
    machine.stack["safeguards"] = {"digests": "optional"}
    digests = machine.found("digests")
    assert not digests.missing
    assert "`make lock`" in digests.state


def test_a_stack_that_does_not_exist_is_one_line(machine: Machine) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scripts.cloud", "doctor", "qa"],
        cwd=machine.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "error: there is no Pulumi.qa.yaml; stacks: dev, local, prod\n"
