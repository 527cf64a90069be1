"""Doctor's checks of an account: each defect is one finding with its remedy, and a good account has none."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from tests.unit.cloud.machine import ACCOUNT, ZONES, Machine, refused, zone_of

CHECKS = ["pulumi", "state backend", "secrets provider", "models", "images", "digests", "aws", "identity", "region"]
"""Those that always come, in their order, before the account is looked at."""


def names(machine: Machine) -> list[str]:
    return [finding.check for finding in machine.findings()]


def test_a_good_account_lacks_nothing(machine: Machine) -> None:
    findings = list(machine.findings())
    assert not [str(finding) for finding in findings if finding.missing]
    looked_at = ["zones", "GPU types", "GPU quota", "state bucket", "secrets key", "cluster access", "endpoint"]
    assert [finding.check for finding in findings] == CHECKS + looked_at


def test_a_call_is_made_in_the_region_it_is_about(machine: Machine) -> None:
    list(machine.findings())
    asked = {(f"{call[0]} {call[1]}", call[call.index("--region") + 1]) for call in machine.asked()}
    expected = {
        "sts get-caller-identity": "us-east-1",
        "ec2 describe-regions": "us-east-1",
        "ec2 describe-availability-zones": "eu-central-1",
        "ec2 describe-instance-type-offerings": "eu-central-1",
        "ec2 describe-instance-types": "eu-central-1",
        "service-quotas get-service-quota": "eu-central-1",
        "s3api head-bucket": "eu-west-1",
        "s3api get-bucket-versioning": "eu-west-1",
        "kms describe-key": "eu-west-1",
        "eks describe-cluster": "eu-central-1",
    }
    assert asked == set(expected.items())


def test_without_credentials_only_what_this_machine_knows_is_reported(machine: Machine) -> None:
    machine.calls["sts get-caller-identity"] = 'Unable to locate credentials. You can configure credentials by running "aws configure".'
    *here, identity = machine.findings()
    assert [finding.check for finding in here] == CHECKS[:7]
    assert not any(finding.missing for finding in here)
    assert identity.state.startswith("Unable to locate credentials")
    assert "aws sso login" in identity.remedy
    assert len(machine.asked()) == 1


def test_nothing_is_asked_of_another_account(machine: Machine) -> None:
    machine.calls["sts get-caller-identity"] |= {"Account": "999999999999", "Arn": "arn:aws:sts::999999999999:assumed-role/x/y"}
    *_, identity = machine.findings()
    assert identity.check == "identity"
    assert identity.state == "arn:aws:sts::999999999999:assumed-role/x/y belongs to another account"
    assert ACCOUNT in identity.remedy


def test_a_stack_that_names_no_account_takes_any(machine: Machine) -> None:
    del machine.stack["cluster"]["account"]
    machine.calls["sts get-caller-identity"]["Account"] = "999999999999"
    assert not machine.found("identity").missing


@pytest.mark.parametrize(
    ("regions", "state", "remedy"),
    [
        ([], "AWS has no eu-central-1", "correct cluster.region"),
        (
            [{"RegionName": "eu-central-1", "OptInStatus": "not-opted-in"}],
            "eu-central-1 is not enabled",
            "aws account enable-region --region-name eu-central-1 --region us-east-1",
        ),
    ],
)
def test_a_region_that_cannot_be_used_ends_the_questions(machine: Machine, regions: list[Any], state: str, remedy: str) -> None:
    machine.calls["ec2 describe-regions"] = {"Regions": regions}
    assert names(machine) == CHECKS
    finding = machine.found("region")
    assert finding.state == state
    assert finding.remedy.startswith(remedy)


def test_a_zone_that_the_account_does_not_have(machine: Machine) -> None:
    machine.stack["cluster"]["zones"] = [*ZONES, "eu-central-1f"]
    finding = machine.found("zones")
    assert finding.state == "not available: eu-central-1f"
    assert finding.remedy == "choose cluster.zones from: eu-central-1a, eu-central-1b"


def test_an_impaired_zone_is_not_available(machine: Machine) -> None:
    machine.calls["ec2 describe-availability-zones"]["AvailabilityZones"][1]["State"] = "impaired"
    assert machine.found("zones").state == "not available: eu-central-1b"


@pytest.mark.parametrize(
    ("region", "letter", "zone_id"), [("us-east-1", "c", "use1-az3"), ("us-west-1", "b", "usw1-az2"), ("ca-central-1", "d", "cac1-az3")]
)
def test_a_zone_that_eks_does_not_serve_is_known_by_its_id(machine: Machine, region: str, letter: str, zone_id: str) -> None:
    machine.stack["cluster"] |= {"region": region, "zones": [f"{region}a", f"{region}{letter}"]}
    good, bad = zone_of(f"{region}a", f"{zone_id[:-1]}9"), zone_of(f"{region}{letter}", zone_id)
    machine.calls["ec2 describe-availability-zones"] = {"AvailabilityZones": [good, bad]}
    finding = machine.found("zones")
    assert finding.state == f"EKS places no control plane in: {region}{letter} ({zone_id})"
    assert finding.remedy == f"choose cluster.zones from: {region}a"


ROLE = f"arn:aws:sts::{ACCOUNT}:assumed-role/inference-platform-admin/me"
USER = f"arn:aws:iam::{ACCOUNT}:user/me"


@pytest.mark.parametrize(
    ("caller", "admin", "state"),
    [
        (ROLE, "inference-platform-admin", "inference-platform-admin is one of cluster.admins"),
        (ROLE, f"arn:aws:iam::{ACCOUNT}:role/teams/inference-platform-admin", "inference-platform-admin is one of cluster.admins"),
        (USER, USER, f"{USER} is one of cluster.admins"),
    ],
)
def test_whoever_runs_pulumi_is_an_admin_by_name_or_by_arn(machine: Machine, caller: str, admin: str, state: str) -> None:
    machine.calls["sts get-caller-identity"]["Arn"] = caller
    machine.stack["cluster"]["admins"] = ["breakglass", admin]
    finding = machine.found("cluster access")
    assert (finding.state, finding.missing) == (state, False)


@pytest.mark.parametrize(("caller", "name"), [(ROLE.replace("platform-", ""), "inference-admin"), (USER, USER)])
def test_whoever_is_no_admin_of_the_cluster_is_told_before_pulumi_runs(machine: Machine, caller: str, name: str) -> None:
    machine.stack["cluster"]["admins"] = ["me", f"arn:aws:iam::{ACCOUNT}:user/inference-admin"]
    machine.calls["sts get-caller-identity"]["Arn"] = caller
    finding = machine.found("cluster access")
    assert finding.state == f"{name} is not one of cluster.admins"
    assert finding.remedy.endswith(f", or add {name}")


def test_a_cluster_that_does_not_exist_yet_is_no_defect(machine: Machine) -> None:
    machine.calls["eks describe-cluster"] = refused(
        "DescribeCluster", "ResourceNotFoundException", "No cluster found for name: inference-prod."
    )
    finding = machine.found("endpoint")
    assert (finding.state, finding.missing) == ("cluster inference-prod does not exist yet", False)


def test_a_cluster_in_the_making_has_no_endpoint(machine: Machine) -> None:
    machine.calls["eks describe-cluster"] = {"cluster": {"status": "CREATING"}}
    finding = machine.found("endpoint")
    assert (finding.state, finding.missing) == ("cluster inference-prod has no endpoint yet: CREATING", False)


def test_an_endpoint_that_answers(machine: Machine) -> None:
    assert machine.found("endpoint").state == "127.0.0.1 answers"


def test_an_endpoint_that_does_not_answer_from_here(machine: Machine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    machine.calls["eks describe-cluster"]["cluster"]["endpoint"] = f"https://127.0.0.1:{port}"
    finding = machine.found("endpoint")
    assert "127.0.0.1 does not answer from here" in finding.state
    assert "cluster.endpoint.publicCidrs" in finding.remedy


def test_a_private_endpoint_that_swallows_packets_is_given_up(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scripts.cloud.account.CONNECT_SECONDS", 0.1)
    # A full backlog: the next connection is neither accepted nor refused.
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server, socket.create_connection(server.getsockname()):
        machine.calls["eks describe-cluster"]["cluster"]["endpoint"] = f"https://127.0.0.1:{server.getsockname()[1]}"
        assert "timed out" in machine.found("endpoint").state


@pytest.mark.parametrize(
    ("call", "check"),
    [
        ("ec2 describe-regions", "region"),
        ("ec2 describe-availability-zones", "zones"),
        ("ec2 describe-instance-type-offerings", "GPU types"),
        ("ec2 describe-instance-types", "GPU quota"),
        ("service-quotas get-service-quota", "GPU quota"),
        ("s3api head-bucket", "state bucket"),
        ("s3api get-bucket-versioning", "state bucket"),
        ("kms describe-key", "secrets key"),
        ("eks describe-cluster", "endpoint"),
    ],
)
def test_a_call_that_aws_refuses_is_a_finding(machine: Machine, call: str, check: str) -> None:
    machine.calls[call] = refused("Something")
    missing = [finding for finding in machine.findings() if finding.missing]
    assert [finding.check for finding in missing] == [check]
    assert "An error occurred (AccessDeniedException)" in missing[0].state
    assert "get the permission" in missing[0].remedy or "get access" in missing[0].remedy
