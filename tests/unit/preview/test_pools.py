"""Notes of a preview about running nodes."""

from __future__ import annotations

from typing import Any

import pytest

from scripts.preview.plan import Change, Operation, Plan
from scripts.preview.pools import notes
from scripts.preview.summary import Summary, terminal

GROUP = "urn:pulumi:prod::inference-platform::inference-platform:aws:GpuNodePool$aws:eks/nodeGroup:NodeGroup::gpu"


def plan(*paths: str, operation: Operation = "update", urn: str = GROUP) -> Plan:
    inputs: dict[str, Any] = {"scalingConfig": {"minSize": 1.0, "maxSize": 3.0, "desiredSize": 1.0}}
    return Plan((Change(operation, urn, paths=paths),), inputs={urn: inputs})


def test_a_new_template_replaces_nodes_and_the_preview_says_how_many() -> None:
    (note,) = notes("prod", plan("launchTemplate.version"))
    assert note.startswith("pool gpu: every running node is replaced, up to 3 of them, because of launchTemplate.version. ")
    assert f"  note: {note}" in terminal(Summary("prod", plan("launchTemplate.version"))).splitlines()
    (image,) = notes("prod", plan("releaseVersion", "version"))
    assert "because of releaseVersion, version." in image


def test_changed_limits_name_the_command_that_keeps_the_nodes() -> None:
    (note,) = notes("prod", plan("scalingConfig.maxSize"))
    assert note.startswith("pool gpu: its limits change, ")
    assert "`make deploy STACK=prod` keeps the running nodes" in note


@pytest.mark.parametrize(
    ("kind", "path", "noted"),
    [
        ("karpenter.k8s.aws/v1:EC2NodeClass", "spec.amiSelectorTerms[0].alias", True),
        ("karpenter.k8s.aws/v1:EC2NodeClass", "metadata.labels.a", False),
        ("karpenter.sh/v1:NodePool", "spec.template.spec.taints[0]", True),
        ("karpenter.sh/v1:NodePool", "spec.limits.nodes", False),
    ],
)
def test_a_change_of_what_a_node_is_makes_karpenter_replace_the_running_ones(kind: str, path: str, noted: bool) -> None:
    urn = f"urn:pulumi:prod::inference-platform::inference-platform:aws:KarpenterNodePool$kubernetes:{kind}::gpu"
    found = list(notes("prod", plan(path, urn=urn)))
    expected = (
        f"gpu: Karpenter replaces every running node that differs, one after the other, because of {path} (docs/runbooks/node-pools.md)."
    )
    assert found == ([expected] if noted else [])


def test_other_changes_and_other_resources_need_no_note() -> None:
    assert not list(notes("prod", plan("tags.owner", "labels.a", "updateConfig.maxUnavailable")))
    assert not list(notes("prod", plan("scalingConfig.minSize", operation="create")))
    assert not list(notes("prod", plan("version", urn=GROUP.replace("eks/nodeGroup:NodeGroup", "eks/addon:Addon"))))
