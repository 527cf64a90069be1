"""Every IAM document that dev and prod declare, read by a linter that knows AWS's actions, resources and conditions."""

from __future__ import annotations

import pytest

from tests import managed
from tests.eks import IN_S3, KARPENTER, eks
from tests.emulators.run import output
from tests.graph.recording import Graph, record
from tests.graph.stacks import recorded

pytestmark = pytest.mark.engine

KNOWN = {
    # The linter's list of conditions lacks it; AWS has it for every operation on a key
    # (https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-resource-aliases).
    "Unknown condition kms:ResourceAliases for action",
    # The groups' names are known only after EKS has made them; a condition on their tags stands in the statement.
    "RESOURCE_STAR: ['autoscaling:SetDesiredCapacity', 'autoscaling:TerminateInstanceInAutoScalingGroup']",
    # An endpoint logs in to ECR, lets SageMaker attach its network interfaces, and grants a volume the use of its key.
    "-endpoint-image.policy: CREDENTIALS_EXPOSURE",
    "-endpoint-network.policy: PERMISSIONS_MANAGEMENT_ACTIONS",
    "-endpoint-volumes.policy: PERMISSIONS_MANAGEMENT_ACTIONS",
    # The start of an instance needs rights on resources of many kinds; those that it makes and those that it uses have a statement each,
    # because their conditions differ (tests/graph/test_karpenter.py counts the kinds).
    "karpenter-instances.policy: RESOURCE_MISMATCH: [{'action': 'ec2:CreateFleet'",
    "karpenter-instances.policy: RESOURCE_MISMATCH: [{'action': 'ec2:RunInstances'",
    # It passes on the nodes' role, and no other.
    "karpenter-profiles.policy: PERMISSIONS_MANAGEMENT_ACTIONS",
    # Parameters that AWS publishes belong to no account.
    "[{'action': 'ssm:GetParameter', 'required_format': 'arn:*:ssm:*:*:parameter/*'}]",
    # IAM has no resource level for it; a condition names the cluster.
    "RESOURCE_STAR: ['arc-zonal-shift:GetManagedResource']",
}


def documents(graph: Graph) -> list[tuple[str, str]]:
    values = [(resource.key, name, value) for resource in graph for name, value in resource.inputs.items()]
    return [(f"{key}.{name}", value) for key, name, value in values if isinstance(value, str) and '"Statement"' in value]


def linted(packages: dict[str, str], found: list[tuple[str, str]]) -> list[str]:
    return [line for line in output(packages, "iam_documents", found).splitlines() if not any(known in line for known in KNOWN)]


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_linter_finds_nothing(packages: dict[str, str], stack: str) -> None:
    found = documents(recorded(stack))
    assert len(found) >= 10
    assert linted(packages, found) == []


def test_it_finds_nothing_in_those_of_a_model_store_in_s3(packages: dict[str, str]) -> None:
    found = documents(record(eks(**IN_S3)))
    assert {"BucketPolicy/models.policy", "RolePolicy/model-reader-models.policy"} <= {name for name, _ in found}
    assert linted(packages, found) == []


def test_it_finds_nothing_in_those_of_managed_endpoints(packages: dict[str, str]) -> None:
    found = documents(managed.recorded())
    assert {f"RolePolicy/forms-endpoint-{name}.policy" for name in ("image", "logs", "models", "network", "requests", "volumes")} <= {
        name for name, _ in found
    }
    assert linted(packages, found) == []


def test_it_finds_nothing_in_those_of_karpenter(packages: dict[str, str]) -> None:
    found = documents(record(eks(gpu=KARPENTER, cluster={"zonalShift": True})))
    named = {"RolePolicy/karpenter-instances.policy", "RolePolicy/karpenter-looking.policy", "QueuePolicy/karpenter-interruptions.policy"}
    assert named <= {name for name, _ in found}
    assert linted(packages, found) == []


@pytest.mark.parametrize(
    ("right", "wrong", "finding"),
    [
        ("autoscaling:SetDesiredCapacity", "autoscaling:SetDesiredCapacities", "UNKNOWN_ACTION"),
        ("kms:ListGrants", "kms:ListGrant", "UNKNOWN_ACTION"),
        ("sts:TagSession", "sts:TagSessions", "UNKNOWN_ACTION"),
        ("arn:aws:kms:", "arn:aws:s3:", "RESOURCE_MISMATCH"),
    ],
)
def test_the_linter_would_find_a_mistake(packages: dict[str, str], right: str, wrong: str, finding: str) -> None:
    mistaken = [(name, text.replace(right, wrong)) for name, text in documents(recorded("dev")) if right in text]
    assert mistaken, f"no document has {right}"
    assert any(finding in line for line in linted(packages, mistaken))
