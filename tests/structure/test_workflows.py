"""What runs in CI with rights of ours: pinned by commit, and no right that a job does not use."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.structure.project import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def jobs(path: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text())["jobs"]
    return found


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


def test_no_code_of_a_pull_request_meets_credentials() -> None:
    for name, job in jobs(ROOT / ".github" / "workflows" / "mnist-image.yml").items():
        checks_out = any("actions/checkout@" in step.get("uses", "") for step in job["steps"])
        trusted = "id-token" in job["permissions"]
        assert not (checks_out and trusted), name
        assert not trusted or job["if"] == "github.event_name == 'push'", name
