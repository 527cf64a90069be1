"""What a real account and this machine lack for a stack, each with the command that mends it; nothing is changed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from scripts.cloud import backend
from scripts.cloud.account import Check, checks
from scripts.cloud.aws import Aws, AwsError
from scripts.cloud.finding import Finding
from scripts.errors import DriverError
from stacks.config import StackConfig
from stacks.config.cluster import EksClusterConfig


def examine(config: StackConfig, stack_file: Path) -> Iterator[Finding]:
    """Findings, each as soon as it is known. Without an identity no other question to AWS has an answer, so they are left out."""
    cluster = config.cluster
    if not isinstance(cluster, EksClusterConfig):
        raise DriverError(f"{stack_file.name}: cluster.kind is {cluster.kind}; the bench's node is checked by `python -m bench doctor`")
    aws = Aws(cluster.region)
    yield _pulumi()
    for name, check in [*checks(aws, cluster, config.gpu), *_kept(aws, stack_file)]:
        finding = _done(name, check)
        yield finding
        if name == "identity" and finding.missing:
            return


def _kept(aws: Aws, stack_file: Path) -> list[tuple[str, Check]]:
    return [("state backend", lambda: backend.state(aws)), ("secrets provider", lambda: backend.secrets(aws, stack_file))]


def _pulumi() -> Finding:
    found = shutil.which("pulumi")
    return Finding("pulumi", found) if found else Finding("pulumi", "not on PATH", "https://www.pulumi.com/docs/install/")


def _done(name: str, check: Check) -> Finding:
    """A question that AWS refuses is a finding too: the right to ask is missing."""
    try:
        return check()
    except AwsError as error:
        return Finding(name, str(error), "get the right to make this call, or ask somebody who has it")
