"""A size that the program ignores is sent as the state has it. Needs the Pulumi CLI alone."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi_aws import eks
from pulumi_aws.provider import Provider

from bench import build
from bench.environment import missing_clients, own_path, path_entries
from scripts.cloud.node_pools import NODE_GROUPS
from tests.engine.fake_aws.node_groups import FILE
from tests.engine.harness import Stack

pytestmark = pytest.mark.engine


@dataclass
class Pool:
    """A pool of one to three nodes, of which the autoscaler has three running."""

    stack: Stack
    file: Path
    limits: dict[str, int]

    def up(self, **limits: int) -> dict[str, Any]:
        """The scaling configuration that an `up` with these limits sends."""
        self.limits |= limits
        run = self.stack.up([])
        assert run.code == 0, run.text
        sent: dict[str, Any] = json.loads(self.file.read_text())["sent"][-1]
        return sent

    def autoscale(self, size: int) -> None:
        kept = json.loads(self.file.read_text())
        kept["live"]["desiredSize"] = size
        self.file.write_text(json.dumps(kept))


@pytest.fixture
def pool(tmp_path: Path) -> Pool:
    search = own_path(os.environ["PATH"])
    if missing_clients(search, ["pulumi"]):
        build.ensure(["pulumi", "pulumi-language-python"])
    entries = [str(Path(__file__).with_name("fake_aws")), *path_entries(search, tmp_path, ["pulumi"])]
    file, limits = tmp_path / "node-groups.json", {"minSize": 1, "maxSize": 3}
    file.write_text(json.dumps({"live": {}, "sent": []}))

    def declare() -> None:
        """Scaling and options as NodePool has them (tests/graph/test_aws_nodes.py)."""
        options = pulumi.ResourceOptions(provider=Provider("aws", region="eu-west-1"), ignore_changes=["scalingConfig.desiredSize"])
        scaling: Any = {"min_size": limits["minSize"], "max_size": limits["maxSize"], "desired_size": limits["minSize"]}
        role = "arn:aws:iam::111122223333:role/nodes"
        eks.NodeGroup("gpu", cluster_name="c", node_role_arn=role, subnet_ids=["subnet-1"], scaling_config=scaling, opts=options)

    environment = {**os.environ, "PATH": os.pathsep.join([*entries, search]), FILE: str(file)}
    found = Pool(Stack(tmp_path, environment, declare), file, limits)
    assert found.up() == {"minSize": 1, "maxSize": 3, "desiredSize": 1}
    found.autoscale(3)
    return found


def test_the_running_size_is_sent_once_the_state_knows_it(pool: Pool) -> None:
    """Do the same as `make deploy` (scripts/cloud/node_pools.py)."""
    refreshed = pool.stack._pulumi("refresh", "--yes", "--skip-preview", "--target", NODE_GROUPS)
    assert refreshed.returncode == 0, refreshed.stdout
    assert pool.up(maxSize=5) == {"minSize": 1, "maxSize": 5, "desiredSize": 3}
    assert pool.up(minSize=2) == {"minSize": 2, "maxSize": 5, "desiredSize": 3}


def test_without_that_the_size_of_the_first_up_is_sent(pool: Pool) -> None:
    """The reason for it; an engine or provider that leaves the size out makes it superfluous."""
    assert pool.up(maxSize=5) == {"minSize": 1, "maxSize": 5, "desiredSize": 1}
