"""Actions that run in CI with this repository's rights: pinned by commit, and no right that a job does not use."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.structure.project import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def jobs(path: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text())["jobs"]
    return found


MAKEFILE = (ROOT / "Makefile").read_text()
COMMANDS = [
    (path.name, step["run"].strip())
    for path in WORKFLOWS
    if path.name != "model-image.yml"  # a matrix, and a script that runs without a checkout, since it holds credentials
    for job in jobs(path).values()
    for step in job["steps"]
    if "run" in step
]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_an_action_is_pinned_by_commit_beside_its_release(path: Path) -> None:
    used = [line.strip() for line in path.read_text().splitlines() if "uses:" in line]
    assert used
    for line in used:
        assert re.fullmatch(r"(- )?uses: [a-z0-9-]+/[a-z0-9-]+@[0-9a-f]{40} # v[0-9.]+", line), line


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_has_no_rights_and_a_job_names_its_own(path: Path) -> None:
    assert yaml.safe_load(path.read_text())["permissions"] == {}
    for name, job in jobs(path).items():
        assert "permissions" in job, name
        assert job["timeout-minutes"] <= 60, name


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_second_run_waits_or_replaces_the_first(path: Path) -> None:
    assert set(yaml.safe_load(path.read_text())["concurrency"]) == {"group", "cancel-in-progress"}


@pytest.mark.parametrize(("path", "command"), COMMANDS)
def test_what_a_workflow_runs_is_a_make_target_that_a_person_can_run(path: str, command: str) -> None:
    """`make --dry-run` also refuses a target that is not there, and a line of its recipe that make can't read."""
    made = re.fullmatch(r"make ([a-z-]+)((?: [A-Z]+=[a-z]+)*)", re.sub(r"\$\{\{ matrix\.stack \}\}", "dev", command))
    assert made, f"{path}: {command}"
    assert re.search(rf"^{made[1]}:.* ## ", MAKEFILE, re.MULTILINE), f"{made[1]} is not in `make help`"
    line = ["make", "--dry-run", "-o", ".venv/.installed", made[1], *made[2].split()]
    # Only PATH of the environment: a `make` around this one hands its variables on.
    dry = subprocess.run(line, cwd=ROOT, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False)
    assert dry.returncode == 0, dry.stderr


def test_a_fork_runs_only_what_has_no_right() -> None:
    """GitHub gives a fork's token no more than reading; a job that wants more would fail there, so it does not start."""
    for path in WORKFLOWS:
        triggers = yaml.safe_load(path.read_text())[True]  # YAML 1.1 reads `on` as a truth
        assert "pull_request_target" not in triggers, path.name
        for name, job in jobs(path).items():
            if "pull_request" in triggers and set(job["permissions"].values()) != {"read"}:
                assert job["if"] in {"github.event.pull_request.head.repo.full_name == github.repository", "github.event_name == 'push'"}, (
                    name
                )


def test_a_role_comes_from_an_environment_and_no_checkout_keeps_its_token() -> None:
    for path in WORKFLOWS:
        for name, job in jobs(path).items():
            assert ("id-token" in job["permissions"]) == ("environment" in job), f"{path.name}: {name}"
            for step in job["steps"]:
                if step.get("uses", "").startswith("actions/checkout@"):
                    assert step["with"]["persist-credentials"] is False, f"{path.name}: {name}"


def test_prod_is_deployed_after_dev_and_with_approval() -> None:
    deploy = jobs(ROOT / ".github" / "workflows" / "deploy.yml")
    assert deploy["prod"]["needs"] == "dev"
    assert (deploy["dev"]["environment"], deploy["prod"]["environment"]) == ("dev", "prod")


def test_the_cli_is_the_sdks_release() -> None:
    (sdk,) = re.findall(r"^pulumi==(\S+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    used = {
        step["with"]["pulumi-version"]
        for path in WORKFLOWS
        for job in jobs(path).values()
        for step in job["steps"]
        if step.get("uses", "").startswith("pulumi/actions@")
    }
    assert used == {sdk}


def test_no_code_of_a_pull_request_meets_credentials() -> None:
    for name, job in jobs(ROOT / ".github" / "workflows" / "model-image.yml").items():
        checks_out = any("actions/checkout@" in step.get("uses", "") for step in job["steps"])
        trusted = "id-token" in job["permissions"]
        assert not (checks_out and trusted), name
        assert not trusted or job["if"] == "github.event_name == 'push'", name
