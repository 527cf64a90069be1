"""The fields that are read from an engine's event log. Both logs are of real runs, cut down to the fields that are read:

`first_of_dev.jsonl`: dev as if nothing existed, whole. `change_of_prod.jsonl`: prod with another GPU type, more of them and without one
of its services, over a state that was put together by hand, so that another cluster is planned as well; of six of its owners.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from scripts.preview.plan import UNREACHABLE, Cluster, Plan, Violation, plan, read
from stacks.supply import ADVISED, NEEDED

PREVIEWS = Path(__file__).parent / "previews"
VPC = "urn:pulumi:dev::inference-platform::inference-platform:aws:Network$aws:ec2/vpc:Vpc::network"


def step(operation: str, urn: str = VPC, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    return {"resourcePreEvent": {"metadata": {"op": operation, "urn": urn, "type": "aws:ec2/vpc:Vpc", "old": None, "new": None, **more}}}


def said(message: str, severity: str = "warning") -> dict[str, Any]:
    return {"diagnosticEvent": {"message": message, "severity": severity}}


@pytest.fixture(scope="module")
def first() -> Plan:
    return read(PREVIEWS / "first_of_dev.jsonl")


@pytest.fixture(scope="module")
def change() -> Plan:
    return read(PREVIEWS / "change_of_prod.jsonl")


def test_as_many_changes_as_pulumi_counted(first: Plan) -> None:
    (counted,) = [event["summaryEvent"]["resourceChanges"] for event in events("first_of_dev") if "summaryEvent" in event]
    assert Counter(change.operation for change in first.changes) == counted
    assert first.complete
    assert first.simulated


def events(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (PREVIEWS / f"{name}.jsonl").read_text().splitlines()]


def test_a_first_preview_knows_no_cluster(first: Plan) -> None:
    assert first.cluster is Cluster.NOT_YET


def test_a_replacement_is_one_change_and_says_what_is_protected(change: Plan) -> None:
    replaced = {found.name: found for found in change.of("replace")}
    assert replaced["kserve-crd"].protected
    assert not replaced["kserve-resources"].protected
    assert replaced["cluster"].paths == ("clusterIdentifier", "id", "kubeconfig")
    assert "smollm-vllm" in {found.name for found in change.of("delete")}


def test_an_update_names_the_properties_by_their_path(change: Plan) -> None:
    (pool,) = [found for found in change.of("update") if found.type == "aws:eks/nodeGroup:NodeGroup"]
    assert pool.component == "aws GpuNodePool"
    assert {"instanceTypes[0]", "scalingConfig.maxSize"} <= set(pool.paths)


def test_an_error_makes_it_incomplete_though_the_engine_summed_up(change: Plan) -> None:
    assert not change.complete
    assert change.errors[0].startswith("unable to replace resource")


def test_an_unreachable_cluster_is_told_from_one_that_answered() -> None:
    assert plan([said(f"{UNREACHABLE}: dial tcp 10.0.0.1:443: i/o timeout\n")]).cluster is Cluster.UNREACHABLE
    assert plan([step("same", new={"inputs": {}})]).cluster is Cluster.ASKED


def test_what_an_up_needs_is_read_from_the_programs_warning() -> None:
    warning = f"{NEEDED}\n  image of iris: build it\n{ADVISED}\n  digests: `make lock`\n"
    found = plan([said("using pulumi-resource-aws from $PATH"), said(warning)])
    assert found.needs == (NEEDED, "  image of iris: build it", ADVISED, "  digests: `make lock`")
    assert plan([said("another warning")]).needs == ()


def test_what_stays_is_counted_and_what_policies_said_is_kept_once() -> None:
    said_twice = {
        "policyEvent": {"resourceUrn": VPC, "message": "A VPC has flow logs\n", "policyName": "flow-logs", "enforcementLevel": "mandatory"}
    }
    found = plan([step("same"), said_twice, said_twice, {"summaryEvent": {"PolicyPacks": {"inference-platform": "1.0.0"}}}])
    assert (found.unchanged, found.changes, found.packs) == (1, (), ("inference-platform",))
    assert found.violations == (Violation("flow-logs", True, "A VPC has flow logs", "network"),)


def test_a_violation_of_the_stack_names_no_resource() -> None:
    stack = "urn:pulumi:dev::inference-platform::pulumi:pulumi:Stack::inference-platform-dev"
    event = {"resourceUrn": stack, "message": "too dear", "policyName": "budget", "enforcementLevel": "advisory"}
    assert plan([{"policyEvent": event}]).violations == (Violation("budget", False, "too dear"),)


def test_without_a_log_or_without_an_end_a_preview_has_failed(tmp_path: Path) -> None:
    assert not read(tmp_path / "absent").complete
    assert not plan([step("create")]).complete
