"""Doctor's checks for SageMaker's endpoints: their quotas."""

from __future__ import annotations

from typing import Any

import pytest

from tests.managed import custom
from tests.unit.cloud.machine import Machine

CHECK = "SageMaker quota"
INSTANCES = "ml.m5.xlarge for endpoint usage"
REQUESTS = "Maximum total concurrency that can be allocated across all serverless endpoints"


def listed(value: float) -> dict[str, Any]:
    return {"Quotas": [{"QuotaName": "any", "QuotaCode": "L-1234ABCD", "Value": value}]}


@pytest.fixture
def endpoints(machine: Machine) -> Machine:
    machine.stack |= {
        "modelStore": {"backend": "s3", "bucket": "inference-prod-models"},
        "models": {
            "iris": custom(replicas={"min": 1, "max": 3}, sagemaker={"instanceType": "ml.m5.xlarge"}),
            "wine": custom(replicas={"min": 1, "max": 2}, sagemaker={"instanceType": "ml.m5.xlarge"}),
            "rare": custom(sagemaker={"serverless": {"maxConcurrency": 7}}),
        },
    }
    machine.calls |= {"service-quotas list-service-quotas": listed(10)}
    return machine


def test_endpoints_count_twice_at_their_largest_and_serverless_ones_by_requests(endpoints: Machine) -> None:
    instances, requests = [finding for finding in endpoints.findings() if finding.check == CHECK]
    assert (instances.state, instances.missing) == (f'10 of "{INSTANCES}", 10 needed', False)
    assert (requests.state, requests.missing) == (f'10 of "{REQUESTS}", 7 needed', False)


def test_a_quota_that_is_too_small_comes_with_its_request(endpoints: Machine) -> None:
    endpoints.calls["service-quotas list-service-quotas"] = listed(9)
    assert endpoints.found(CHECK).remedy == (
        "aws service-quotas request-service-quota-increase --service-code sagemaker --quota-code L-1234ABCD"
        " --desired-value 10 --region eu-central-1 (takes hours to days)"
    )


def test_a_quota_that_nobody_changed_is_awss_default(endpoints: Machine) -> None:
    endpoints.calls["service-quotas list-service-quotas"] = {"Quotas": []}
    endpoints.calls["service-quotas list-aws-default-service-quotas"] = listed(0)
    assert endpoints.found(CHECK).state == f'0 of "{INSTANCES}", 10 needed'
    endpoints.calls["service-quotas list-aws-default-service-quotas"] = {"Quotas": []}
    assert endpoints.found(CHECK).state == f'eu-central-1 has no quota "{INSTANCES}"'


def test_a_stack_without_endpoints_has_no_such_quota(machine: Machine) -> None:
    assert CHECK not in {finding.check for finding in machine.findings()}
