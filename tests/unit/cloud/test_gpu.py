"""Doctor's checks for GPU nodes: types on offer, quotas, reservations, and the role for spot instances."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.cloud.machine import TYPES, Machine, described, refused


def test_every_gpu_type_must_be_offered_in_some_zone_of_the_stack(machine: Machine) -> None:
    offers = [("g6.xlarge", "eu-central-1b"), ("g6.2xlarge", "eu-central-1c")]
    machine.calls["ec2 describe-instance-type-offerings"] = {
        "InstanceTypeOfferings": [{"InstanceType": kind, "Location": zone} for kind, zone in offers]
    }
    finding = machine.found("GPU types")
    assert finding.state == "no zone of the stack offers g6.2xlarge"
    assert "gpu.instanceTypes" in finding.remedy
    machine.gpus("g6.xlarge")
    assert str(machine.found("GPU types")).endswith("g6.xlarge in eu-central-1b")


@pytest.mark.parametrize(
    ("types", "capacity", "most", "code", "wanted"),
    [
        (["g6.xlarge", "g6.2xlarge"], "on-demand", 4, "L-DB2E81BA", 32),
        (["g6.xlarge", "g5.xlarge", "g4dn.xlarge"], "spot", 7, "L-3819A6DF", 28),
        (["p4d.24xlarge"], "on-demand", 2, "L-417A185B", 192),
        (["p5.4xlarge"], "on-demand", 2, "L-417A185B", 32),
    ],
)
def test_a_quota_below_the_largest_pool_is_asked_for(
    machine: Machine, types: list[str], capacity: str, most: int, code: str, wanted: int
) -> None:
    machine.gpus(*types, capacity=capacity, most=most)
    finding = machine.found("GPU quota")
    largest = max(types, key=lambda kind: (TYPES[kind], kind))
    assert finding.state == f"24 vCPUs {capacity}, {wanted} needed for {most} x {largest}"
    assert finding.remedy == (
        f"aws service-quotas request-service-quota-increase --service-code ec2 --quota-code {code}"
        f" --desired-value {wanted} --region eu-central-1 (takes hours to days)"
    )
    (asked,) = [call for call in machine.asked() if call[1] == "get-service-quota"]
    assert asked[asked.index("--quota-code") + 1] == code


def test_a_quota_that_is_just_enough_is_enough(machine: Machine) -> None:
    machine.gpus("g6.2xlarge", most=3)
    assert not machine.found("GPU quota").missing
    machine.gpus("g6.2xlarge", most=4)
    assert machine.found("GPU quota").missing


def test_each_family_has_its_own_quota(machine: Machine) -> None:
    machine.gpus("g6.2xlarge", "p5.4xlarge", "g6.xlarge", "g5.xlarge", capacity="spot", most=2)
    machine.calls["ec2 describe-instance-types Name=instance-type,Values=p5.4xlarge"] = described("p5.4xlarge")
    machine.calls["ec2 describe-instance-types Name=instance-type,Values=g6.2xlarge,g6.xlarge,g5.xlarge"] = described("g6.2xlarge")
    machine.calls["service-quotas get-service-quota L-C4BD4855"] = {"Quota": {"Value": 0.0}}
    graphics, compute = [finding for finding in machine.findings() if finding.check == "GPU quota"]
    assert (graphics.state, graphics.missing) == ("24 vCPUs spot, 16 needed for 2 x g6.2xlarge", False)
    assert compute.state == "0 vCPUs spot, 32 needed for 2 x p5.4xlarge"
    assert "--quota-code L-C4BD4855 --desired-value 32" in compute.remedy


def test_a_quota_that_is_not_known_is_not_guessed(machine: Machine) -> None:
    machine.gpus("p6-b200.48xlarge", "p5.48xlarge", "p4d.24xlarge", capacity="spot", most=1)
    unknown = [finding for finding in machine.findings() if "not known" in finding.state]
    assert [finding.state for finding in unknown] == ["the quota of p6-b200.48xlarge on spot is not known here"]
    assert "list-service-quotas" in unknown[0].remedy


def test_a_type_that_the_region_does_not_know_has_no_quota(machine: Machine) -> None:
    machine.calls["ec2 describe-instance-types"] = {"InstanceTypes": []}
    assert machine.found("GPU quota").state == "eu-central-1 has no g6.xlarge, g6.2xlarge"
    assert machine.found("GPU quota").missing


def test_spot_needs_a_role_that_a_new_account_lacks(machine: Machine) -> None:
    machine.gpus("g6.xlarge", "g5.xlarge", "g4dn.xlarge", capacity="spot", most=1)
    assert not machine.found("spot role").missing
    machine.calls["iam get-role"] = refused("GetRole", "NoSuchEntity", "The role with name AWSServiceRoleForEC2Spot cannot be found.")
    finding = machine.found("spot role")
    assert finding.state == "the account has no AWSServiceRoleForEC2Spot: the pool would stay empty"
    assert finding.remedy.startswith("aws iam create-service-linked-role --aws-service-name spot.amazonaws.com")
    machine.calls["iam get-role"] = refused("GetRole")
    assert "permission" in machine.found("spot role").remedy
    machine.gpus("g6.xlarge")
    assert "spot role" not in {finding.check for finding in machine.findings()}


def karpenter(machine: Machine, *types: str, **gpu: Any) -> None:  # noqa: ANN401 - any YAML
    machine.gpus(*types, capacity=gpu.pop("capacity", "on-demand"), most=1)
    machine.stack["gpu"] |= {"mode": "karpenter", "releaseVersion": "1.35.7-20260911", **gpu}


def test_nodes_of_karpenter_count_against_the_quota_of_spot_and_of_what_comes_where_that_is_sold_out(machine: Machine) -> None:
    karpenter(machine, "g6.xlarge", "g5.xlarge", "g4dn.xlarge", capacity="spot")
    quotas = [finding.state for finding in machine.findings() if finding.check == "GPU quota"]
    assert [state.split()[2] for state in quotas] == ["spot,", "on-demand,"]
    assert not machine.found("spot role").missing


def test_a_reservation_that_is_not_there_is_named(machine: Machine) -> None:
    karpenter(machine, "g6.xlarge", karpenter={"reservations": ["cr-0a1", "cr-0b2"]})
    there = {"CapacityReservationId": "cr-0a1", "InstanceType": "g6.xlarge", "TotalInstanceCount": 2}
    machine.calls["ec2 describe-capacity-reservations"] = {"CapacityReservations": [there]}
    finding = machine.found("reservations")
    assert (finding.state, finding.missing) == ("eu-central-1 has no active cr-0b2", True)
    assert "gpu.karpenter.reservations" in finding.remedy
    karpenter(machine, "g6.xlarge", karpenter={"reservations": ["cr-0a1"]})
    assert str(machine.found("reservations")).endswith("cr-0a1: 2 x g6.xlarge")


def test_a_stack_without_gpus_asks_nothing_about_them(machine: Machine) -> None:
    machine.stack["gpu"] = {}
    assert not {"GPU types", "GPU quota"} & {finding.check for finding in machine.findings()}
