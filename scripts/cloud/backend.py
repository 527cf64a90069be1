"""Checks of a stack's state and secrets: a versioned bucket and a KMS key (docs/aws.md creates both)."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, urlsplit

from scripts.cloud.aws import Aws, AwsError
from scripts.cloud.finding import Finding
from scripts.stack_file import content

MADE = "docs/aws.md, section `State and secrets`"

KEY_REMEDIES = {
    "Disabled": "aws kms enable-key --key-id {key} --region {region}",
    "PendingDeletion": "aws kms cancel-key-deletion --key-id {key} --region {region}, then enable-key; a deleted key loses everything",
}


def state_url() -> str:
    return os.environ.get("PULUMI_BACKEND_URL", "")


def secrets_provider(stack_file: Path) -> str:
    """The secrets provider that Pulumi writes into the stack's file, beside `config`."""
    return str(content(stack_file).get("secretsprovider", ""))


def state(region: str) -> Finding:
    """Check the state's address in the environment, without calling AWS."""
    url = state_url()
    if not url:
        remedy = f"export PULUMI_BACKEND_URL='s3://<bucket>?region={region}'; {MADE}"
        return Finding("state backend", "PULUMI_BACKEND_URL is not set", remedy)
    if urlsplit(url).scheme == "file":
        return Finding("state backend", f"{url} exists only on this machine", f"keep the state of a shared stack in S3: {MADE}")
    return Finding("state backend", url)


def secrets(region: str, stack_file: Path) -> Finding:
    """Check the key in the stack's file, without calling AWS."""
    provider = secrets_provider(stack_file)
    if provider.startswith("awskms://"):
        return Finding("secrets provider", provider)
    stack = stack_file.suffixes[0][1:]
    change = f"pulumi stack change-secrets-provider 'awskms://alias/<key>?region={region}' --stack {stack}"
    return Finding("secrets provider", provider or "a passphrase, or none yet", f"{change}; {MADE}")


def bucket(region: str) -> Finding:
    """Check that the state's bucket is accessible and keeps old versions."""
    address = urlsplit(state_url())
    name = address.netloc
    aws = Aws(_region(address) or region)
    try:
        aws("s3api", "head-bucket", "--bucket", name)
        versioning = aws("s3api", "get-bucket-versioning", "--bucket", name)
    except AwsError as error:
        return Finding("state bucket", f"{name}: {error}", f"create the bucket, or get access to it: {MADE}")
    if versioning.get("Status") != "Enabled":
        enable = "aws s3api put-bucket-versioning --versioning-configuration Status=Enabled"
        remedy = f"{enable} --bucket {name} --region {aws.region}"
        return Finding("state bucket", f"{name} keeps no old versions: a damaged state could not be restored", remedy)
    return Finding("state bucket", f"{name}, versioned")


def key(region: str, stack_file: Path) -> Finding:
    """Check that the key for the stack's secrets is usable; the key policy decides who may use it."""
    address = urlsplit(secrets_provider(stack_file))
    name = (address.netloc + address.path).lstrip("/")
    aws = Aws(_region(address) or region)
    try:
        found = aws("kms", "describe-key", "--key-id", name)["KeyMetadata"]
    except AwsError as error:
        return Finding("secrets key", f"{name}: {error}", f"create the key, or get access to it: {MADE}")
    if found["KeyState"] == "Enabled":
        return Finding("secrets key", f"{name}, enabled")
    remedy = KEY_REMEDIES.get(found["KeyState"], "create another key: " + MADE)
    return Finding("secrets key", f"{name} is {found['KeyState']}", remedy.format(key=found["KeyId"], region=aws.region))


def _region(address: SplitResult) -> str:
    """Region of an address; without one, Pulumi uses the environment's."""
    return parse_qs(address.query).get("region", [""])[0]
