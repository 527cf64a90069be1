"""Checks a real account and this machine for a stack, and gives the command that fixes each problem; changes nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import get_args
from urllib.parse import urlsplit

from scripts.cloud import account, backend, gpu, sagemaker
from scripts.cloud.aws import Aws, AwsError
from scripts.cloud.finding import Finding
from scripts.errors import DriverError
from stacks import supply
from stacks.config import StackConfig
from stacks.config.cluster import EksClusterConfig

Check = Callable[[], Finding]
LOOKED_FOR: Mapping[str, str] = {"images": "every model has its image", "digests": "the lock file has all of them"}
"""Kind of need → what the report says where nothing of that kind is missing."""


def report(findings: Iterable[Finding]) -> int:
    """Print each finding as soon as it is known; the exit status is 1 if something is missing."""
    count = missing = 0
    for finding in findings:
        print(finding, flush=True)
        count += 1
        missing += finding.missing
    print(f"\n{missing} of {count} checks need a fix" if missing else f"\nall {count} checks passed")
    return 1 if missing else 0


def examine(config: StackConfig, stack_file: Path) -> Iterator[Finding]:
    """Findings in the order in which a user would fix problems.

    Local checks come first. Without the CLI, an identity in the right account, or the region, AWS's other answers mean nothing,
    so the remaining checks are left out.
    """
    cluster = config.cluster
    if not isinstance(cluster, EksClusterConfig):
        raise DriverError(f"{stack_file.name}: cluster.kind is {cluster.kind}; `python -m bench doctor` checks the bench's node")
    yield _program("pulumi", "https://www.pulumi.com/docs/install/")
    yield backend.state(cluster.region)
    yield backend.secrets(cluster.region, stack_file)
    yield from _supply(config)
    for name, check in (("aws", _cli), ("identity", partial(account.identity, cluster)), ("region", partial(account.region, cluster))):
        finding = _done(name, check)
        yield finding
        if finding.missing:
            return
    for name, check in _asked(config, cluster, stack_file):
        yield _done(name, check)


def _supply(config: StackConfig) -> Iterator[Finding]:
    """Findings from the program's own list. Only needs that an `up` requires count as missing."""
    needs = supply.needs(config)
    for kind in get_args(supply.Kind):
        for need in (need for need in needs if need.kind == kind):
            yield Finding(kind, need.what, need.command) if need.required else Finding(kind, f"{need.what}: {need.command}")
        if kind in LOOKED_FOR and not any(need.kind == kind for need in needs):
            yield Finding(kind, LOOKED_FOR[kind])


def _asked(config: StackConfig, cluster: EksClusterConfig, stack_file: Path) -> Iterator[tuple[str, Check]]:
    aws = Aws(cluster.region)
    yield "zones", partial(account.zones, aws, cluster)
    if config.gpu.makes_nodes:
        yield "GPU types", partial(gpu.offered, aws, cluster, config.gpu)
        for capacity, code in gpu.quotas(config.gpu):
            yield "GPU quota", partial(gpu.quota, aws, config.gpu, capacity, code)
        if config.gpu.karpenter.reservations:
            yield "reservations", partial(gpu.reservations, aws, config.gpu)
        if config.gpu.capacity == "spot":
            yield "spot role", gpu.spot_role
    for name, wanted in sagemaker.quotas(config.models).items():
        yield sagemaker.CHECK, partial(sagemaker.quota, aws, name, wanted)
    if urlsplit(backend.state_url()).scheme == "s3":
        yield "state bucket", partial(backend.bucket, cluster.region)
    if backend.secrets_provider(stack_file).startswith("awskms://"):
        yield "secrets key", partial(backend.key, cluster.region, stack_file)
    yield "cluster access", partial(account.access, cluster)
    yield "endpoint", partial(account.endpoint, aws, cluster)


def _program(name: str, source: str) -> Finding:
    found = shutil.which(name)
    return Finding(name, found) if found else Finding(name, "not on PATH", source)


def _cli() -> Finding:
    """The cluster's kubeconfig calls the CLI for every token."""
    return _program("aws", "https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html")


def _done(name: str, check: Check) -> Finding:
    """Run a check. A call that AWS refuses is a finding too: the permission to check is missing."""
    try:
        return check()
    except AwsError as error:
        return Finding(name, str(error), "get the permission for this call, or ask a colleague who has it to run the check")
