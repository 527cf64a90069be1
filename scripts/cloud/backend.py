"""Checks of where a stack's state and secrets are kept: a versioned bucket and a KMS key (docs/aws.md makes both)."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, urlsplit

import yaml

from scripts.cloud.aws import Aws, AwsError
from scripts.cloud.finding import Finding

MADE = "docs/aws.md, section `State and secrets`"

KEY_REMEDIES = {
    "Disabled": "aws kms enable-key --key-id {key} --region {region}",
    "PendingDeletion": "aws kms cancel-key-deletion --key-id {key} --region {region}, then enable-key; after the deletion all is lost",
}


def state_url() -> str:
    return os.environ.get("PULUMI_BACKEND_URL", "")


def secrets_provider(stack_file: Path) -> str:
    """Pulumi writes it into the stack's file, beside `config`."""
    return str((yaml.safe_load(stack_file.read_text()) or {}).get("secretsprovider", ""))


def state(region: str) -> Finding:
    """Where the environment says the state is; nothing is asked of AWS."""
    url = state_url()
    if not url:
        remedy = f"export PULUMI_BACKEND_URL='s3://<bucket>?region={region}'; {MADE}"
        return Finding("state backend", "PULUMI_BACKEND_URL is not set", remedy)
    if urlsplit(url).scheme == "file":
        return Finding("state backend", f"{url} is on this machine only", f"keep the state of a shared stack in S3: {MADE}")
    return Finding("state backend", url)


def secrets(region: str, stack_file: Path) -> Finding:
    """Which key the stack's file names; nothing is asked of AWS."""
    provider = secrets_provider(stack_file)
    if provider.startswith("awskms://"):
        return Finding("secrets provider", provider)
    stack = stack_file.suffixes[0][1:]
    change = f"pulumi stack change-secrets-provider 'awskms://alias/<key>?region={region}' --stack {stack}"
    return Finding("secrets provider", provider or "a passphrase, or none yet", f"{change}; {MADE}")


def bucket(region: str) -> Finding:
    """Whether the state's bucket is there for us, and keeps the versions before the last."""
    address = urlsplit(state_url())
    name = address.netloc
    aws = Aws(_region(address) or region)
    try:
        aws("s3api", "head-bucket", "--bucket", name)
        versioning = aws("s3api", "get-bucket-versioning", "--bucket", name)
    except AwsError as error:
        return Finding("state bucket", f"{name}: {error}", f"make the bucket, or get access to it: {MADE}")
    if versioning.get("Status") != "Enabled":
        enable = "aws s3api put-bucket-versioning --versioning-configuration Status=Enabled"
        remedy = f"{enable} --bucket {name} --region {aws.region}"
        return Finding("state bucket", f"{name} keeps no old versions: a damaged state could not be brought back", remedy)
    return Finding("state bucket", f"{name}, versioned")


def key(region: str, stack_file: Path) -> Finding:
    """Whether the key that encrypts the stack's secrets can be used; who may use it is the key policy's affair."""
    address = urlsplit(secrets_provider(stack_file))
    name = (address.netloc + address.path).lstrip("/")
    aws = Aws(_region(address) or region)
    try:
        found = aws("kms", "describe-key", "--key-id", name)["KeyMetadata"]
    except AwsError as error:
        return Finding("secrets key", f"{name}: {error}", f"make the key, or get access to it: {MADE}")
    if found["KeyState"] == "Enabled":
        return Finding("secrets key", f"{name}, enabled")
    remedy = KEY_REMEDIES.get(found["KeyState"], "make another key: " + MADE)
    return Finding("secrets key", f"{name} is {found['KeyState']}", remedy.format(key=found["KeyId"], region=aws.region))


def _region(address: SplitResult) -> str:
    """Both addresses may name one; without it Pulumi takes the environment's."""
    return parse_qs(address.query).get("region", [""])[0]
