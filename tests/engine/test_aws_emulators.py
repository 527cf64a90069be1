"""dev and prod by AWS's own API on emulators: made in their order, read back without a difference, deleted in reverse.

ministack has every call and few rules; moto lacks calls, but knows which managed policies exist. Neither needs an account or a network.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.graph.aws_outputs import made_on_aws
from tests.graph.recording import Resource
from tests.graph.stacks import recorded
from tests.waiting import wait_for

pytestmark = pytest.mark.engine

ROOT = Path(__file__).parents[2]
REGION = "eu-central-1"
REQUIREMENTS = ROOT / "tests/emulators/requirements.txt"
PACKAGES = ROOT / "build/emulators"

SERVICES = "autoscaling,ec2,eks,iam,kms,logs,sts"
MOTO_LACKS = {"AccessEntry", "AccessPolicyAssociation", "Addon", "PodIdentityAssociation", "Tag"}
"""EKS's calls that moto 5.2.5 answers with "Not yet implemented", and tags of the autoscaling group that its node groups do not have."""


@pytest.fixture(scope="session")
def packages() -> dict[str, str]:
    """The environment in which Python finds the emulators."""
    mark = PACKAGES / ".installed"
    if not mark.exists() or mark.read_text() != REQUIREMENTS.read_text():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--upgrade", "--target", str(PACKAGES)]
        # pip compares them with this Python's own packages, which they do not meet: its words matter only if it fails.
        subprocess.run([*pip, "--requirement", str(REQUIREMENTS)], check=True, capture_output=True)
        mark.write_text(REQUIREMENTS.read_text())
    return {**os.environ, "PYTHONPATH": str(PACKAGES)}


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


def resources(stack: str, without: Collection[str] = ()) -> list[dict[str, Any]]:
    """What the stack has on AWS, in the order of its registration, with what the recording made up for each."""
    on_aws = [resource for resource in recorded(stack) if resource.custom and resource.type.startswith("aws:")]
    return [_known(resource) for resource in on_aws if resource.kind not in without]


def _known(resource: Resource) -> dict[str, Any]:
    made_up = made_on_aws(resource.type, resource.name)
    facts: dict[str, str] = {}
    if resource.kind == "LaunchTemplate":
        facts["version"] = str(made_up["latestVersion"])
    if resource.kind == "NodeGroup":
        facts["autoscaling"] = made_up["resources"][0]["autoscalingGroups"][0]["name"]
    if resource.kind == "Key":
        facts["keyId"] = made_up["keyId"]
    return {"type": resource.type, "name": resource.name, "inputs": resource.inputs, "arn": made_up["arn"], "facts": facts}


def refusals(where: str, stack: list[dict[str, Any]], environment: dict[str, str]) -> list[str]:
    command = [sys.executable, "-m", "tests.emulators.life", where, REGION]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, input=json.dumps(stack), capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_ministack_makes_all_of_a_stack_and_deletes_it(ministack: str, packages: dict[str, str], stack: str) -> None:
    there = resources(stack)
    assert len(there) >= 70
    assert refusals(ministack, there, packages) == []


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_moto_makes_what_it_knows_of_a_stack_and_deletes_it(packages: dict[str, str], stack: str) -> None:
    there = resources(stack, MOTO_LACKS)
    assert len(there) >= 50
    assert refusals("moto", there, packages) == []


def test_a_policy_that_does_not_exist_is_refused_by_moto(packages: dict[str, str]) -> None:
    there = resources("dev", MOTO_LACKS)
    (ebs,) = [each for each in there if each["name"] == "aws-ebs-csi-driver-amazonebscsidriverpolicy"]
    changed = {**ebs, "inputs": {**ebs["inputs"], "policyArn": "arn:aws:iam::aws:policy/AmazonEBSCSIDriverPolicy"}}
    (refusal,) = refusals("moto", [changed if each is ebs else each for each in there], packages)
    assert "Policy arn:aws:iam::aws:policy/AmazonEBSCSIDriverPolicy does not exist" in refusal


def test_a_wrong_order_is_found(ministack: str, packages: dict[str, str]) -> None:
    there = resources("dev")
    network = next(each for each in there if each["type"] == "aws:ec2/vpc:Vpc")
    found = refusals(ministack, [each for each in there if each is not network], packages)
    assert "make aws:ec2/subnet:Subnet private-eu-central-1a: KeyError: ('Vpc', 'network-id')" in found
