"""A machine with a fake AWS CLI, and the account that it answers from: a good one, until a test changes it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.cloud.doctor import examine
from scripts.cloud.finding import Finding
from stacks.config import StackConfig, parse

FAKE = r"""#!/bin/sh
# A fake of the AWS CLI for tests: answers from `answers` beside it, and keeps what it was asked.
# In shell, without a program: it is started hundreds of times, and Python takes ten times as long to start.
printf '%s\t' "$@" >> "${0%/*}/asked"
echo >> "${0%/*}/asked"
words=" $* "
asked() { for word; do case "$words" in *" $word "*) ;; *) return 1 ;; esac; done; }
answer() { printf '%s\n' "$1"; exit 0; }
refuse() { printf '%s\n' "$1" >&2; exit 1; }
. "${0%/*}/answers"
refuse "the fake has no answer to: $*"
"""

ACCOUNT = "123456789012"
ZONES = ["eu-central-1a", "eu-central-1b"]
TYPES = {
    "g4dn.xlarge": 4,
    "g5.xlarge": 4,
    "g6.xlarge": 4,
    "g6.2xlarge": 8,
    "p4d.24xlarge": 96,
    "p5.4xlarge": 16,
    "p5.48xlarge": 192,
    "p6-b200.48xlarge": 192,
}
"""vCPUs of each."""

STACK = {
    "cluster": {
        "kind": "eks",
        "name": "inference-prod",
        "region": "eu-central-1",
        "account": ACCOUNT,
        "zones": ZONES,
        "owner": "ml-platform",
        "costCenter": "inference-prod",
        "admins": ["inference-platform-admin"],
    },
    "gpu": {"mode": "managed", "instanceTypes": ["g6.xlarge", "g6.2xlarge"], "capacity": "on-demand", "nodes": {"min": 0, "max": 3}},
}


def refused(operation: str, code: str = "AccessDeniedException", message: str = "not authorized") -> str:
    """A refusal by AWS in the form in which the CLI writes it."""
    return f"\nAn error occurred ({code}) when calling the {operation} operation: {message}"


@dataclass
class Machine:
    """`calls`: what AWS answers, by words of a call; a text is an error. `stack`: the stack's configuration."""

    folder: Path
    calls: dict[str, Any]
    stack: dict[str, Any]
    file: Path = field(init=False)

    def __post_init__(self) -> None:
        self.file = self.folder / "Pulumi.prod.yaml"
        self.secrets_with("awskms://alias/inference-platform?region=eu-west-1")

    def secrets_with(self, provider: str) -> None:
        self.file.write_text(f"secretsprovider: {provider}\nconfig: {{}}\n" if provider else "config: {}\n")

    def without(self, program: str) -> None:
        (self.folder / "bin" / program).unlink()

    def gpus(self, *types: str, capacity: str = "on-demand", most: int = 3) -> None:
        self.stack["gpu"] |= {"instanceTypes": list(types), "capacity": capacity, "nodes": {"min": 0, "max": most}}
        self.calls["ec2 describe-instance-types"] = described(*types)

    def asked(self) -> list[list[str]]:
        """Each call so far, by its words."""
        log = self.folder / "bin/asked"
        return [line.rstrip("\t").split("\t") for line in log.read_text().splitlines()] if log.exists() else []

    def answer(self, calls: Mapping[str, Any]) -> None:
        """From here on the CLI answers so. If the words of several answers are all in a call, the answer with most words counts."""
        lines = []
        for words in sorted(calls, key=len, reverse=True):
            how, text = ("refuse", calls[words]) if isinstance(calls[words], str) else ("answer", json.dumps(calls[words]))
            lines.append(f"asked {shlex.join(words.split())} && {how} {shlex.quote(text)}\n")
        (self.folder / "bin/answers").write_text("".join(lines))

    def findings(self) -> Iterator[Finding]:
        self.answer(self.calls)
        config: StackConfig = parse(self.stack, "prod")
        return examine(config, self.file)

    def found(self, check: str) -> Finding:
        """The first finding of a check; what comes after it is not asked."""
        return next(finding for finding in self.findings() if finding.check == check)


def good_account(port: int) -> dict[str, Any]:
    offers = [{"InstanceType": kind, "Location": zone} for kind in TYPES for zone in ZONES]
    return {
        "sts get-caller-identity": {"Account": ACCOUNT, "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/inference-platform-admin/me"},
        "ec2 describe-regions": {"Regions": [{"RegionName": "eu-central-1", "OptInStatus": "opt-in-not-required"}]},
        "ec2 describe-availability-zones": {"AvailabilityZones": [zone_of(zone, f"euc1-az{number}") for number, zone in enumerate(ZONES)]},
        "ec2 describe-instance-type-offerings": {"InstanceTypeOfferings": offers},
        "ec2 describe-instance-types": described("g6.xlarge", "g6.2xlarge"),
        "service-quotas get-service-quota": {"Quota": {"Value": 24.0}},
        "iam get-role": {"Role": {"RoleName": "AWSServiceRoleForEC2Spot"}},
        "s3api head-bucket": {},
        "s3api get-bucket-versioning": {"Status": "Enabled"},
        "kms describe-key": {"KeyMetadata": {"KeyId": "1234abcd", "KeyState": "Enabled"}},
        "eks describe-cluster": {"cluster": {"status": "ACTIVE", "endpoint": f"https://127.0.0.1:{port}"}},
    }


def zone_of(name: str, zone_id: str) -> dict[str, str]:
    """Return the answer of `describe-availability-zones` for a zone."""
    return {"ZoneName": name, "ZoneId": zone_id, "State": "available"}


def described(*types: str) -> dict[str, Any]:
    """The output of `describe-instance-types` for them."""
    return {"InstanceTypes": [{"InstanceType": kind, "VCpuInfo": {"DefaultVCpus": TYPES[kind]}} for kind in types]}
