"""Names that dev and prod use on AWS exist there: managed policies, access policies, instance types, zones, versions of add-ons."""

from __future__ import annotations

import re

import pytest

from bench.plugins.aws.managed_policies import PREFIX, managed_policies, missing
from components.aws.ec2_types import ec2_types
from components.aws.zones import NOT_SERVED_NAMES
from tests.graph.recording import Graph
from tests.graph.stacks import recorded

ACCESS_POLICIES = {
    "AmazonEKSAdminPolicy",
    "AmazonEKSAdminViewPolicy",
    "AmazonEKSClusterAdminPolicy",
    "AmazonEKSEditPolicy",
    "AmazonEKSViewPolicy",
}
"""docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html: those for people."""


@pytest.fixture(params=["dev", "prod"])
def graph(request: pytest.FixtureRequest) -> Graph:
    return recorded(request.param)


@pytest.mark.slow
def test_every_managed_policy_exists(graph: Graph) -> None:
    attached = {attachment.inputs["policyArn"] for attachment in graph.of_kind("RolePolicyAttachment")}
    assert len(attached) >= 6
    assert not attached - managed_policies()


def test_every_access_policy_exists(graph: Graph) -> None:
    (arn,) = {association.inputs["policyArn"] for association in graph.of_kind("AccessPolicyAssociation")}
    assert arn.removeprefix("arn:aws:eks::aws:cluster-access-policy/") in ACCESS_POLICIES


def test_every_instance_type_and_zone_exists(graph: Graph) -> None:
    assert not {name for group in graph.of_kind("NodeGroup") for name in group.inputs["instanceTypes"]} - ec2_types().keys()
    assert not {subnet.inputs["availabilityZone"] for subnet in graph.of_kind("Subnet")} & NOT_SERVED_NAMES.keys()


def test_every_add_on_has_a_version_of_eks(graph: Graph) -> None:
    for addon in graph.of_kind("Addon"):
        assert re.fullmatch(r"v\d+\.\d+\.\d+-eksbuild\.\d+", addon.inputs["addonVersion"]), addon.key


def test_a_policy_without_its_path_is_missing_and_found_again() -> None:
    reason = missing(f"{PREFIX}AmazonEBSCSIDriverPolicy")
    assert reason.endswith(f"did you mean {PREFIX}service-role/AmazonEBSCSIDriverPolicy?")
    assert not missing("arn:aws:iam::111122223333:policy/of-our-own")
