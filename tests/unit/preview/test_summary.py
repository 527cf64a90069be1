"""The summary of a real preview, for a terminal and for a pull request (tests/unit/preview/test_plan.py says of which)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scripts.preview.plan import Change, Cluster, Plan, Violation, read
from scripts.preview.summary import COMMENT_LIMIT, Cost, Price, Summary, markdown, marker, terminal
from stacks.supply import ADVISED, NEEDED
from tests.unit.preview.test_plan import PREVIEWS

COST = Cost((Price("control plane", 73, 73), Price("GPU nodes", 0, 1836.7)), "2026-07-20", ("Service envoy: no price of it",))
VIOLATION = Violation("no-public-endpoint", True, "Cluster cluster: it is open to 0.0.0.0/0\nFix: cluster.endpoint", "cluster")


@pytest.fixture(scope="module")
def change() -> Plan:
    return replace(read(PREVIEWS / "change_of_prod.jsonl"), violations=(VIOLATION,), packs=("inference-platform",))


def test_a_terminal_shows_what_is_lost_before_anything_else(change: Plan) -> None:
    lines = terminal(Summary("prod", change)).splitlines()
    assert lines[0] == "prod: the preview FAILED"
    assert lines.index("  REPLACE PROTECTED kserve-crd  (kubernetes:helm.sh/v3:Release)") < lines.index("updates")
    assert "  DELETE  smollm-vllm  (kubernetes:serving.kserve.io/v1alpha1:ServingRuntime)" in lines
    assert "all                                   12       17       9" in lines
    (pool,) = [line for line in lines if line.startswith("  gpu  (aws:eks/nodeGroup:NodeGroup)")]
    assert "instanceTypes[0]" in pool
    assert pool.endswith("subnetIds[2]")


def test_counts_are_in_the_headline_of_a_preview_that_went_through() -> None:
    assert Summary("dev", read(PREVIEWS / "first_of_dev.jsonl")).headline == "dev: 328 to create, 0 unchanged"
    assert Summary("dev", Plan(unchanged=328)).headline == "dev: no changes, 328 unchanged"


def test_policies_and_cost_are_told(change: Plan) -> None:
    text = terminal(Summary("prod", change, COST))
    assert "policies: 1 mandatory violations, 0 advisory" in text
    assert "  mandatory no-public-endpoint of cluster:\n    Cluster cluster: it is open to 0.0.0.0/0\n    Fix: cluster.endpoint" in text
    assert "USD per month, prices of 2026-07-20  minimum  maximum" in text
    assert text.splitlines()[-2].split() == ["all", "73", "1,910"]
    assert text.endswith("  no price: Service envoy: no price of it")


def test_a_terminal_shows_every_mistake_of_a_stack_file_up_to_a_limit() -> None:
    mistakes = [f"Pulumi.dev.yaml: inference-platform:gpu.key{number}: unknown key" for number in range(23)]
    told = terminal(Summary("dev", Plan(errors=("\n".join(mistakes[:20]), "another"), complete=False)))
    shown = [f"  error: {mistakes[0]}", *(f"         {mistake}" for mistake in mistakes[1:20])]
    assert told.splitlines()[1:22] == [*shown, "  error: another"]
    told = terminal(Summary("dev", Plan(errors=("\n".join(mistakes),), complete=False)))
    assert told.splitlines()[1:22] == [*shown, "         and 3 more"]


def test_what_an_up_needs_is_one_list_before_the_plan(change: Plan) -> None:
    needs = (NEEDED, "  image of iris: build it", ADVISED, "  digests: `make lock`")
    summary = Summary("prod", replace(change, needs=needs))
    assert "\n".join(["", *needs, "", "component "]) in terminal(summary)
    assert f"**{NEEDED}**\n\n- image of iris: build it\n**{ADVISED}**\n\n- digests: `make lock`\n" in markdown(summary)
    assert NEEDED not in terminal(Summary("prod", change))


def test_no_violation_is_no_news_without_policies() -> None:
    assert "policies: did not run" in terminal(Summary("dev", Plan()))
    assert "policies: 0 mandatory violations, 0 advisory" in terminal(Summary("dev", Plan(packs=("inference-platform",))))
    assert "failed before they were done" in terminal(Summary("dev", Plan(packs=("inference-platform",), complete=False)))


def test_a_comment_reads_as_one_page(change: Plan) -> None:
    text = markdown(Summary("prod", change, COST))
    assert text.startswith("<!-- inference-platform preview: prod -->\n### prod: the preview FAILED\n")
    order = ["> aws is simulated", "**Pulumi says**", "**Deleted and replaced**", "**Policies: 1 mandatory", "| GPU nodes |", "**Updated**"]
    assert [text.index(part) for part in order] == sorted(text.index(part) for part in order)
    assert "| replace, PROTECTED | kserve-crd | `kubernetes:helm.sh/v3:Release` |  |" in text
    assert "| mandatory | no-public-endpoint | cluster | Cluster cluster: it is open to 0.0.0.0/0 Fix: cluster.endpoint |" in text
    assert "| all |  | 12 | 17 | 9 |" in text


@pytest.mark.parametrize(("cluster", "words"), [(Cluster.UNREACHABLE, "VPC_RUNNER"), (Cluster.NOT_YET, "not known before an `up`")])
def test_a_reviewer_is_told_what_no_api_server_has_seen(cluster: Cluster, words: str) -> None:
    summary = Summary("prod", Plan(cluster=cluster))
    assert words in markdown(summary)
    assert words in terminal(summary)


def test_a_cluster_that_answered_and_a_real_account_need_no_note() -> None:
    assert not Summary("prod", Plan()).notes


def test_a_comment_fits_and_keeps_what_is_lost() -> None:
    urn = "urn:pulumi:prod::inference-platform::inference-platform:aws:Network$aws:ec2/subnet:Subnet::subnet-{}"
    many = [Change("update", urn.format(number), paths=("cidrBlock", "tags.Name")) for number in range(3000)]
    text = markdown(Summary("prod", Plan((Change("delete", urn.format("lost"), True), *many))))
    assert len(text) <= COMMENT_LIMIT
    assert "| delete, PROTECTED | subnet-lost |" in text
    assert "The job's log has the whole preview" in text
    assert text.startswith(marker("prod"))


def test_a_cut_within_an_error_closes_its_block() -> None:
    text = markdown(Summary("prod", Plan(errors=("line\n" * 200,), complete=False)), 500)
    assert len(text) <= 500
    assert text.count("```") == 2


def test_no_name_becomes_formatting_a_mention_or_a_cell() -> None:
    urn = "urn:pulumi:prod::inference-platform::inference-platform:aws:Network$aws:ec2/subnet:Subnet::{}"
    changes = tuple(Change("delete", urn.format(name)) for name in ("a|b", "@everyone", "<img src=x>", "under_score_"))
    text = markdown(Summary("prod", Plan(changes)))
    assert "| delete | a\\|b |" in text
    assert "| `@everyone` |" in text
    assert "| &lt;img src=x> |" in text
    assert "| `under_score_` |" in text
