"""Where a stack's state and secrets are kept: what doctor says of the setting, of the bucket and of the key."""

from __future__ import annotations

import pytest

from tests.unit.cloud.machine import Machine, refused


@pytest.mark.parametrize(
    ("url", "state", "remedy"),
    [
        ("", "PULUMI_BACKEND_URL is not set", "export PULUMI_BACKEND_URL='s3://<bucket>?region=eu-central-1'"),
        ("file:///tmp/state", "file:///tmp/state exists only on this machine", "keep the state of a shared stack in S3"),
    ],
)
def test_a_state_that_others_cannot_reach(machine: Machine, monkeypatch: pytest.MonkeyPatch, url: str, state: str, remedy: str) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", url)
    finding = machine.found("state backend")
    assert finding.state == state
    assert finding.remedy.startswith(remedy)
    assert "docs/aws.md" in finding.remedy
    assert not [call for call in machine.asked() if call[0] == "s3api"]


def test_another_service_that_keeps_states_is_taken_as_it_is(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", "https://api.pulumi.com")
    assert [finding.check for finding in machine.findings() if finding.check.startswith("state")] == ["state backend"]
    assert not machine.found("state backend").missing


def test_a_bucket_with_versions(machine: Machine) -> None:
    assert machine.found("state bucket").state == "state-bucket, versioned"


@pytest.mark.parametrize("answer", [{}, {"Status": "Suspended"}])
def test_a_bucket_without_versions_gets_them_by_one_command(machine: Machine, answer: dict[str, str]) -> None:
    machine.calls["s3api get-bucket-versioning"] = answer
    assert machine.found("state bucket").remedy == (
        "aws s3api put-bucket-versioning --versioning-configuration Status=Enabled --bucket state-bucket --region eu-west-1"
    )


def test_a_bucket_that_is_not_there(machine: Machine) -> None:
    machine.calls["s3api head-bucket"] = refused("HeadBucket", "404", "Not Found")
    finding = machine.found("state bucket")
    assert finding.state.startswith("state-bucket: An error occurred (404)")
    assert "docs/aws.md" in finding.remedy


def test_without_a_region_in_the_url_the_stacks_own_is_asked(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://state-bucket")
    machine.found("state bucket")
    (asked,) = [call for call in machine.asked() if call[1] == "head-bucket"]
    assert asked[asked.index("--region") + 1] == "eu-central-1"


@pytest.mark.parametrize("provider", ["", "passphrase"])
def test_secrets_behind_a_passphrase(machine: Machine, provider: str) -> None:
    machine.secrets_with(provider)
    finding = machine.found("secrets provider")
    assert finding.missing
    assert finding.remedy.startswith("pulumi stack change-secrets-provider 'awskms://alias/<key>?region=eu-central-1' --stack prod")
    assert not [call for call in machine.asked() if call[0] == "kms"]


@pytest.mark.parametrize(
    ("provider", "asked"),
    [
        ("awskms://alias/inference-platform?region=eu-west-1", "alias/inference-platform"),
        ("awskms://1234abcd-12ab?region=eu-west-1", "1234abcd-12ab"),
        ("awskms:///arn:aws:kms:eu-west-1:123456789012:key/1234abcd?region=eu-west-1", "arn:aws:kms:eu-west-1:123456789012:key/1234abcd"),
    ],
)
def test_a_key_is_asked_for_by_whatever_names_it(machine: Machine, provider: str, asked: str) -> None:
    machine.secrets_with(provider)
    assert machine.found("secrets key").state == f"{asked}, enabled"
    (call,) = [call for call in machine.asked() if call[0] == "kms"]
    assert call[call.index("--key-id") + 1] == asked


@pytest.mark.parametrize(
    ("state", "remedy"),
    [
        ("Disabled", "aws kms enable-key --key-id 1234abcd --region eu-west-1"),
        ("PendingDeletion", "aws kms cancel-key-deletion --key-id 1234abcd --region eu-west-1"),
        ("Unavailable", "create another key: docs/aws.md"),
    ],
)
def test_a_key_that_cannot_be_used(machine: Machine, state: str, remedy: str) -> None:
    machine.calls["kms describe-key"]["KeyMetadata"]["KeyState"] = state
    finding = machine.found("secrets key")
    assert finding.state == f"alias/inference-platform is {state}"
    assert finding.remedy.startswith(remedy)
