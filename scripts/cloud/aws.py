"""Calls of the AWS CLI, which the cluster's kubeconfig needs anyway, instead of a second SDK with its own credentials."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

from scripts.errors import reason

SECONDS = 30
"""Timeout of a call in seconds: long enough for a slow call, short enough for an address that never answers."""


class AwsError(Exception):
    """The AWS CLI's error in one line."""


class Aws:
    """Calls in one region with the environment's credentials."""

    def __init__(self, region: str) -> None:
        self.region = region

    def __call__(self, *arguments: str) -> Any:  # noqa: ANN401 - whatever JSON the call answers with
        command = ["aws", *arguments, "--region", self.region, "--output", "json"]
        settings = {"AWS_MAX_ATTEMPTS": "2", "AWS_PAGER": ""}
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False, env={**os.environ, **settings})
        except subprocess.TimeoutExpired:
            raise AwsError(f"no answer within {SECONDS} s") from None
        if done.returncode != 0:
            raise AwsError(reason(done))
        return json.loads(done.stdout) if done.stdout.strip() else {}


def increase(service: str, code: str, wanted: int, region: str) -> str:
    """The command that asks AWS for a larger quota of a service."""
    request = f"aws service-quotas request-service-quota-increase --service-code {service}"
    return f"{request} --quota-code {code} --desired-value {wanted} --region {region} (takes hours to days)"
