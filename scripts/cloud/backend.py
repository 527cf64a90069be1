"""Checks of where a stack's state and secrets are kept: a versioned, encrypted bucket and a KMS key (docs/aws.md makes both)."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from scripts.cloud.aws import Aws, AwsError
from scripts.cloud.finding import Finding

MADE = "docs/aws.md, section `State and secrets`"


def state(aws: Aws) -> Finding:
    url = os.environ.get("PULUMI_BACKEND_URL", "")
    if not url:
        return Finding(
            "state backend", "PULUMI_BACKEND_URL is not set", f"export PULUMI_BACKEND_URL=s3://<bucket>?region={aws.region}; {MADE}"
        )
    parts = urlsplit(url)
    if parts.scheme != "s3":
        if parts.scheme == "file":
            return Finding("state backend", f"{url} is on this machine only", f"keep the state of a shared stack in S3: {MADE}")
        return Finding("state backend", url)
    bucket = parts.netloc
    try:
        aws("s3api", "head-bucket", "--bucket", bucket)
        versioning = aws("s3api", "get-bucket-versioning", "--bucket", bucket)
    except AwsError as error:
        return Finding("state backend", f"{bucket}: {error}", f"make the bucket, or get access to it: {MADE}")
    if versioning.get("Status") != "Enabled":
        remedy = f"aws s3api put-bucket-versioning --bucket {bucket} --versioning-configuration Status=Enabled"
        return Finding("state backend", f"{bucket} keeps no old versions: a damaged state could not be brought back", remedy)
    return Finding("state backend", f"{url}, versioned")


def secrets(aws: Aws, stack_file: Path) -> Finding:
    provider = str((yaml.safe_load(stack_file.read_text()) or {}).get("secretsprovider", ""))
    if not provider.startswith("awskms://"):
        change = f"pulumi stack change-secrets-provider 'awskms://alias/<key>?region={aws.region}' --stack {stack_file.suffixes[0][1:]}"
        return Finding("secrets provider", provider or "a passphrase, or none yet", f"{change}; {MADE}")
    key = provider.removeprefix("awskms://").partition("?")[0].lstrip("/")
    try:
        found = aws("kms", "describe-key", "--key-id", key)["KeyMetadata"]
    except AwsError as error:
        return Finding("secrets provider", f"{key}: {error}", f"make the key, or get access to it: {MADE}")
    if found["KeyState"] != "Enabled":
        return Finding("secrets provider", f"{key} is {found['KeyState']}", f"aws kms enable-key --key-id {found['KeyId']}")
    return Finding("secrets provider", f"{key}, enabled")
