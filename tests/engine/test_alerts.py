"""Every alert on made-up series, by Prometheus' own evaluation: it fires, it does not, and without series it is silent.

promtool is built from the bench's pinned Prometheus, once; no node and no Pulumi.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from bench import build
from bench.tools import binary
from components.observability.rules import Group, Record, specification
from tests.alerts import gpu_cases, platform_cases, rollout_cases, server_cases, slo_cases, traffic_cases
from tests.alerts.case import Case
from tests.observed import RUNBOOK_FOLDER, alerts, all_groups, queries

pytestmark = pytest.mark.engine

CASES: list[Case] = [
    case for part in (gpu_cases, platform_cases, rollout_cases, server_cases, slo_cases, traffic_cases) for case in part.CASES
]
ALERTS = sorted({alert.name for alert in alerts()})


@pytest.fixture(scope="module")
def promtool() -> Path:
    build.ensure(["prometheus"])
    return binary("promtool")


def written(file: Path, groups: list[Group]) -> Path:
    """JSON is YAML."""
    file.write_text(json.dumps(specification(groups, RUNBOOK_FOLDER)))
    return file


def run(promtool: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(promtool), *map(str, arguments)], capture_output=True, text=True, check=False)


def tried(promtool: Path, folder: Path, cases: list[Case]) -> subprocess.CompletedProcess[str]:
    """With the group of one alert, and those that only record: promtool evaluates all that it is given, at every step."""
    (alert,) = {case.alert for case in cases}
    groups = [group for group in all_groups() if not group.alerts or alert in {each.name for each in group.alerts}]
    rules = written(folder / "rules.json", groups)
    files = []
    for interval in sorted({case.interval for case in cases}):
        tests = [case.fields() for case in cases if case.interval == interval]
        files.append(folder / f"{interval}.json")
        files[-1].write_text(json.dumps({"rule_files": [str(rules)], "evaluation_interval": interval, "tests": tests}))
    return run(promtool, "test", "rules", *files)


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_fires_when_it_should_and_only_then(promtool: Path, tmp_path: Path, alert: str) -> None:
    cases = [case for case in CASES if case.alert == alert]
    assert any(case.firing for case in cases), "never seen firing"
    assert any(case.series and not case.firing for case in cases), "never seen silent although there are series"
    assert any(not case.series and not case.firing for case in cases), "never seen without series"
    answer = tried(promtool, tmp_path, cases)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_no_case_is_of_an_alert_that_is_gone() -> None:
    assert {case.alert for case in CASES} == set(ALERTS)


def test_each_severity_of_an_alert_has_been_seen_firing() -> None:
    seen = {(case.alert, labels.get("severity")) for case in CASES for labels in case.firing}
    assert {(alert.name, alert.severity) for alert in alerts()} <= seen


def test_a_wrong_expectation_is_an_error(promtool: Path, tmp_path: Path) -> None:
    hot = next(case for case in CASES if case.alert == "GpuHot" and case.firing)
    answer = tried(promtool, tmp_path, [Case(hot.alert, "not expected", hot.series, hot.at)])
    assert answer.returncode == 1
    assert "GpuHot" in answer.stdout + answer.stderr


def test_rules_and_the_queries_of_all_panels_are_promql(promtool: Path, tmp_path: Path) -> None:
    rules = written(tmp_path / "rules.json", all_groups())
    panels = [Record(name=f"panel:query:number_{number}", expr=query) for number, query in enumerate(queries().values())]
    shown = written(tmp_path / "panels.json", [Group(name="panels", rules=list(panels))])
    answer = run(promtool, "check", "rules", "--lint=all", "--lint-fatal", rules, shown)
    assert answer.returncode == 0, answer.stdout + answer.stderr
