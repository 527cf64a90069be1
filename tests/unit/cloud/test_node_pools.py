"""Running node pools before an `up`: their sizes fit their limits, and the state knows them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from scripts.cloud.node_pools import NODE_GROUPS, Pool, prepare
from scripts.errors import DriverError
from stacks.config import StackConfig, parse
from stacks.config.cluster import NodeRange
from tests.unit.cloud.machine import Machine, refused


@pytest.fixture
def pulumi(machine: Machine) -> Path:
    """Calls of a fake Pulumi, one a line."""
    log = machine.folder / "pulumi-calls"
    program = machine.folder / "bin/pulumi"
    program.write_text(f'#!/bin/sh\necho "$@" >> {log}\n')
    return log


def running(machine: Machine, **sizes: int) -> None:
    """Node groups of these sizes; `another` is not of the stack."""
    machine.calls["eks list-nodegroups"] = {"nodegroups": [*(f"{pool}-2026" for pool in sizes), "another"]}
    for pool, size in sizes.items():
        group = {"status": "ACTIVE", "scalingConfig": {"minSize": 0, "maxSize": 9, "desiredSize": size}}
        machine.calls[f"eks describe-nodegroup {pool}-2026"] = {"nodegroup": group}
    machine.calls["eks update-nodegroup-config"] = {"update": {"status": "InProgress"}}


def prepared(machine: Machine) -> dict[str, Any]:
    """Sizes and limits that were sent, by group."""
    machine.answer(machine.calls)
    config: StackConfig = parse(machine.stack, "prod")
    prepare("prod", config, dict(os.environ))
    updates = [call for call in machine.asked() if call[1] == "update-nodegroup-config"]
    return {call[call.index("--nodegroup-name") + 1]: json.loads(call[call.index("--scaling-config") + 1]) for call in updates}


def test_a_pool_within_its_limits_keeps_its_nodes_and_the_state_learns_their_number(machine: Machine, pulumi: Path) -> None:
    running(machine, system=4, gpu=2)
    assert prepared(machine) == {}
    assert pulumi.read_text().split()[0] == "refresh"
    assert pulumi.read_text().rstrip().endswith(f"--stack prod --target {NODE_GROUPS}")


def test_a_minimum_above_the_running_size_starts_nodes_first(machine: Machine, pulumi: Path) -> None:
    machine.stack["cluster"]["systemNodes"] = {"min": 3, "max": 6}
    running(machine, system=2, gpu=0)
    assert prepared(machine) == {"system-2026": {"minSize": 3, "maxSize": 6, "desiredSize": 3}}
    assert pulumi.exists()


def test_a_maximum_below_the_running_size_ends_only_nodes_above_it(machine: Machine, pulumi: Path) -> None:
    running(machine, system=9, gpu=3)
    assert prepared(machine) == {"system-2026": {"minSize": 2, "maxSize": 4, "desiredSize": 4}}
    assert pulumi.exists()


@pytest.mark.parametrize("groups", [{"nodegroups": []}, refused("ListNodegroups", "ResourceNotFoundException", "No cluster found")])
def test_before_there_are_pools_nothing_is_done(machine: Machine, pulumi: Path, groups: Any) -> None:  # noqa: ANN401 - an answer or an error
    machine.calls["eks list-nodegroups"] = groups
    assert prepared(machine) == {}
    assert not pulumi.exists()


def test_an_account_that_does_not_answer_stops_the_deployment(machine: Machine, pulumi: Path) -> None:
    machine.calls["eks list-nodegroups"] = refused("ListNodegroups")
    with pytest.raises(DriverError, match=r"sizes of the node pools cannot be read or set: .*not authorized"):
        prepared(machine)
    assert not pulumi.exists()


@pytest.mark.parametrize(("size", "wanted"), [(0, 1), (1, 1), (2, 2), (3, 3), (7, 3)])
def test_the_wanted_size_is_never_outside_the_limits(size: int, wanted: int) -> None:
    assert Pool("gpu-1", size, NodeRange(min=1, max=3)).wanted == wanted
