"""Checks of an AWS account for SageMaker's endpoints: the quotas of their instances, and of serverless requests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from components.serving.model_service import ModelService
from components.serving.sagemaker import placed
from scripts.cloud.aws import Aws, increase
from scripts.cloud.finding import Finding

CHECK = "SageMaker quota"
SERVERLESS = "Maximum total concurrency that can be allocated across all serverless endpoints"
"""Names of quotas are those of `aws service-quotas list-service-quotas --service-code sagemaker`. The codes are not derived from them."""

FLEETS = 2
"""While a new version takes over, its instances run beside those of the old one (components/serving/sagemaker.py, `Deployment`)."""


def quotas(models: Mapping[str, ModelService]) -> Counter[str]:
    """Quota → what the endpoints of these models need of it at their largest."""
    wanted: Counter[str] = Counter()
    for model in placed(models, "sagemaker").values():
        if serverless := model.sagemaker.serverless:
            wanted[SERVERLESS] += serverless.max_concurrency
        else:
            wanted[f"{model.sagemaker_type} for endpoint usage"] += FLEETS * len(model.all_versions) * model.replicas.max
    return wanted


def quota(aws: Aws, name: str, wanted: int) -> Finding:
    """Check one quota. Other endpoints in the account count against it too; this check does not include them."""
    found = _listed(aws, name, "list-service-quotas") or _listed(aws, name, "list-aws-default-service-quotas")
    if not found:
        listed = f"aws service-quotas list-aws-default-service-quotas --service-code sagemaker --region {aws.region}"
        return Finding(CHECK, f'{aws.region} has no quota "{name}"', f"choose a type that `{listed}` shows")
    value, code = found
    remedy = "" if value >= wanted else increase("sagemaker", code, wanted, aws.region)
    return Finding(CHECK, f'{value} of "{name}", {wanted} needed', remedy)


def _listed(aws: Aws, name: str, operation: str) -> tuple[int, str] | None:
    """Value and code of a quota. AWS lists a quota that nobody changed only among its defaults."""
    answer = aws("service-quotas", operation, "--service-code", "sagemaker", "--query", f"{{Quotas: Quotas[?QuotaName=='{name}']}}")
    return next(((int(each["Value"]), each["QuotaCode"]) for each in answer["Quotas"]), None)
