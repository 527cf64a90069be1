"""dev and prod by AWS's own API on emulators: made in their order, read back without a difference, deleted in reverse.

ministack has every call and few rules; moto lacks calls, but knows which managed policies exist. Neither needs an account or a network.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import managed
from tests.eks import IN_S3, KARPENTER, eks
from tests.emulators.run import output
from tests.graph.aws_outputs import made_on_aws
from tests.graph.recording import Graph, Resource, record
from tests.graph.stacks import recorded
from tests.waiting import wait_for

pytestmark = pytest.mark.engine

ROOT = Path(__file__).parents[2]
REGION = "eu-central-1"
CONFIGURATION = "aws:sagemaker/endpointConfiguration:EndpointConfiguration"

SERVICES = "autoscaling,ec2,eks,events,iam,kms,logs,s3,sqs,sts"
MOTO_LACKS = {"AccessEntry", "AccessPolicyAssociation", "Addon", "PodIdentityAssociation", "Tag"}
"""EKS's calls that moto 5.2.5 answers with "Not yet implemented", and tags of the autoscaling group that its node groups do not have."""

MINISTACK_LACKS = [f"when calling the {call} operation: No route for POST" for call in ("UpdateNodegroupConfig", "UpdateNodegroupVersion")]
"""Calls of EKS that ministack 1.5.33 does not know; botocore has checked their arguments by then."""


@pytest.fixture(scope="module")
def ministack(packages: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of an empty ministack, which only this machine reaches."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("ministack")
    settings = {"GATEWAY_PORT": str(port), "MINISTACK_REGION": REGION, "SERVICES": SERVICES, "LOG_LEVEL": "ERROR"}
    command = [sys.executable, "-m", "hypercorn", "ministack.app:app", "--bind", f"127.0.0.1:{port}"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, env={**packages, **settings}, stdout=log, stderr=subprocess.STDOUT)
    try:
        wait_for(lambda: _listens(port), 120, "ministack listens")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def resources(graph: Graph, without: Collection[str] = ()) -> list[dict[str, Any]]:
    """Resources on AWS, in the order of their registration, each with what the recording made up for it."""
    on_aws = [resource for resource in graph if resource.custom and resource.type.startswith("aws:")]
    return [_known(resource) for resource in on_aws if resource.kind not in without]


def _known(resource: Resource) -> dict[str, Any]:
    made_up = made_on_aws(resource.type, resource.name)
    facts: dict[str, str] = {}
    if resource.kind == "NodeGroup":
        facts["autoscaling"] = made_up["resources"][0]["autoscalingGroups"][0]["name"]
    facts |= {fact: made_up[fact] for fact in ("keyId", "name", "url") if fact in made_up}
    return {"type": resource.type, "name": resource.name, "inputs": resource.inputs, "arn": made_up["arn"], "facts": facts}


def refusals(where: str, environment: dict[str, str], *graphs: list[dict[str, Any]]) -> list[str]:
    lines = output(environment, "life", graphs, where, REGION).splitlines()
    return [line for line in lines if not any(lacking in line for lacking in MINISTACK_LACKS)]


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_ministack_makes_all_of_a_stack_and_deletes_it(ministack: str, packages: dict[str, str], stack: str) -> None:
    there = resources(recorded(stack))
    assert len(there) >= 70
    assert refusals(ministack, packages, there) == []


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_moto_makes_what_it_knows_of_a_stack_and_deletes_it(packages: dict[str, str], stack: str) -> None:
    there = resources(recorded(stack), MOTO_LACKS)
    assert len(there) >= 50
    assert refusals("moto", packages, there) == []


def test_a_model_store_in_s3_is_made_on_both(ministack: str, packages: dict[str, str]) -> None:
    there = record(eks(**IN_S3))
    assert len([resource for resource in there if resource.type.startswith("aws:s3/")]) == 7
    assert refusals(ministack, packages, resources(there)) == []
    assert refusals("moto", packages, resources(there, MOTO_LACKS)) == []


def endpoints() -> list[dict[str, Any]]:
    """Resources of a stack with managed endpoints. moto's list of instance types ends with g4dn."""
    text = json.dumps(resources(managed.recorded(), MOTO_LACKS))
    known: list[dict[str, Any]] = json.loads(text.replace('"ml.g6.xlarge"', '"ml.g4dn.xlarge"'))
    return known


def test_managed_endpoints_are_made_on_moto(packages: dict[str, str]) -> None:
    """It has no deployment: what a canary does, nobody but AWS shows."""
    there = endpoints()
    assert len([resource for resource in there if resource["type"].startswith("aws:sagemaker/")]) == 13
    assert refusals("moto", packages, there) == []


def test_an_endpoint_without_its_configuration_is_refused_by_moto(packages: dict[str, str]) -> None:
    there = [each for each in endpoints() if each["type"] != CONFIGURATION]
    found = refusals("moto", packages, there)
    assert any(line.startswith("make Endpoint chat: ") and "Could not find endpoint configuration" in line for line in found), found


def test_what_karpenter_needs_is_made_on_both(ministack: str, packages: dict[str, str]) -> None:
    there = record(eks(gpu=KARPENTER))
    assert {"AccessEntry/karpenter-nodes", "Queue/karpenter-interruptions"} <= {resource.key for resource in there}
    assert refusals(ministack, packages, resources(there)) == []
    assert refusals("moto", packages, resources(there, MOTO_LACKS)) == []


def test_a_policy_that_does_not_exist_is_refused_by_moto(packages: dict[str, str]) -> None:
    there = resources(recorded("dev"), MOTO_LACKS)
    (ebs,) = [each for each in there if each["name"] == "aws-ebs-csi-driver-amazonebscsidriverpolicy"]
    changed = {**ebs, "inputs": {**ebs["inputs"], "policyArn": "arn:aws:iam::aws:policy/AmazonEBSCSIDriverPolicy"}}
    (refusal,) = refusals("moto", packages, [changed if each is ebs else each for each in there])
    assert "Policy arn:aws:iam::aws:policy/AmazonEBSCSIDriverPolicy does not exist" in refusal


SPOT = {"capacity": "spot", "instanceTypes": ["g6.xlarge", "g5.xlarge", "g4dn.xlarge"]}
CHANGES: dict[str, dict[str, Any]] = {
    "more nodes": {"cluster": {"systemNodes": {"min": 3, "max": 6}}, "gpu": {"nodes": {"min": 1, "max": 4}}},
    "another owner": {"cluster": {"owner": "another-team", "costCenter": "another"}},
    "larger disks": {"gpu": {"diskGib": 300}},
    "another image": {"cluster": {"systemNodes": {"releaseVersion": "1.35.7-20260911"}}, "gpu": {"releaseVersion": "1.35.7-20260911"}},
    "spot": {"gpu": SPOT},
    "a NAT gateway in each zone": {"cluster": {"network": {"nat": "per-zone"}}},
    "endpoints": {"cluster": {"network": {"endpoints": ["sts", "ecr.api"]}}},
    "longer logs": {"cluster": {"logRetentionDays": 90}},
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_taken_and_taken_back(ministack: str, packages: dict[str, str], change: str) -> None:
    before, after = resources(record(eks())), resources(record(eks(**CHANGES[change])))
    assert before != after
    assert refusals(ministack, packages, before, after, before) == []


def test_a_wrong_order_is_found(ministack: str, packages: dict[str, str]) -> None:
    there = resources(recorded("dev"))
    network = next(each for each in there if each["type"] == "aws:ec2/vpc:Vpc")
    found = refusals(ministack, packages, [each for each in there if each is not network])
    assert "make Subnet private-eu-central-1a: KeyError: ('Vpc', 'network-id')" in found
