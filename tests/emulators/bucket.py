"""A bucket of S3 and what is set on it, each a resource of its own at the provider and a call of its own at S3."""

from __future__ import annotations

from typing import Any

from tests.emulators.resource import Aws, Inputs, Kind, Made, capitals, small

BUCKET = "bucket"
ABBREVIATIONS = {"KmsMasterKeyId": "KMSMasterKeyID", "Id": "ID", "SseAlgorithm": "SSEAlgorithm"}
"""Names that S3 spells in capitals, in the provider's spelling with a capital in front."""


def _bucket(aws: Aws, inputs: Inputs) -> Made:
    aws.s3.create_bucket(Bucket=inputs[BUCKET], CreateBucketConfiguration={"LocationConstraint": aws.s3.meta.region_name})
    return Made(inputs[BUCKET], f"arn:aws:s3:::{inputs[BUCKET]}")


def _read_bucket(aws: Aws, _inputs: Inputs, made: Made) -> Inputs:
    return {BUCKET: next(each["Name"] for each in aws.s3.list_buckets()["Buckets"] if each["Name"] == made.id)}


def _of_s3(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """S3's spelling of the provider's names."""
    return _renamed(capitals(value), ABBREVIATIONS)


def _of_provider(value: Any) -> Any:  # noqa: ANN401 - any JSON
    return small(_renamed(value, {long: short for short, long in ABBREVIATIONS.items()}))


def _renamed(value: Any, names: dict[str, str]) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        return {names.get(name, name): _renamed(item, names) for name, item in value.items()}
    return [_renamed(item, names) for item in value] if isinstance(value, list) else value


def _setting(call: str, argument: str, put: str, delete: str | None) -> Kind:
    """A setting that `put_<call>` takes as `argument`; `put`: the one input that has it, or "" if all inputs together are it."""

    def make(aws: Aws, inputs: Inputs) -> Made:
        values = inputs[put] if put else {name: value for name, value in inputs.items() if name != BUCKET}
        getattr(aws.s3, f"put_{call}")(Bucket=inputs[BUCKET], **{argument: _of_s3(values)})
        return Made(inputs[BUCKET])

    def read(aws: Aws, inputs: Inputs, made: Made) -> Inputs:
        found = getattr(aws.s3, f"get_{call}")(Bucket=made.id)
        # Versioning's answer is the setting itself, beside what botocore adds.
        held = _of_provider(found.get(argument, found))
        return {put: {name: held.get(name) for name in inputs[put]}} if put else held

    return Kind(make, read, lambda aws, _, made: getattr(aws.s3, delete)(Bucket=made.id) if delete else None)


def _rules(call: str, argument: str, delete: str) -> Kind:
    """Settings that are a list of rules."""

    def make(aws: Aws, inputs: Inputs) -> Made:
        rules = inputs["rules"] if "rules" in inputs else [inputs["rule"]]
        getattr(aws.s3, f"put_{call}")(Bucket=inputs[BUCKET], **{argument: {"Rules": _of_s3(rules)}})
        return Made(inputs[BUCKET])

    def read(aws: Aws, inputs: Inputs, made: Made) -> Inputs:
        found = getattr(aws.s3, f"get_{call}")(Bucket=made.id)
        rules = _of_provider(found.get(argument, found)["Rules"])
        return {"rules": rules} if "rules" in inputs else {"rule": rules[0]}

    return Kind(make, read, lambda aws, _, made: getattr(aws.s3, delete)(Bucket=made.id))


def _policy(aws: Aws, inputs: Inputs) -> Made:
    aws.s3.put_bucket_policy(Bucket=inputs[BUCKET], Policy=inputs["policy"])
    return Made(inputs[BUCKET])


def _read_policy(aws: Aws, _inputs: Inputs, made: Made) -> Inputs:
    return {"policy": aws.s3.get_bucket_policy(Bucket=made.id)["Policy"]}


BUCKETS = {
    "aws:s3/bucket:Bucket": Kind(_bucket, _read_bucket, lambda aws, _, made: aws.s3.delete_bucket(Bucket=made.id)),
    # Versions are suspended, never removed: the bucket goes right after.
    "aws:s3/bucketVersioning:BucketVersioning": _setting("bucket_versioning", "VersioningConfiguration", "versioningConfiguration", None),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _setting(
        "public_access_block", "PublicAccessBlockConfiguration", "", "delete_public_access_block"
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _rules(
        "bucket_encryption", "ServerSideEncryptionConfiguration", "delete_bucket_encryption"
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _rules(
        "bucket_ownership_controls", "OwnershipControls", "delete_bucket_ownership_controls"
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _rules(
        "bucket_lifecycle_configuration", "LifecycleConfiguration", "delete_bucket_lifecycle"
    ),
    "aws:s3/bucketPolicy:BucketPolicy": Kind(_policy, _read_policy, lambda aws, _, made: aws.s3.delete_bucket_policy(Bucket=made.id)),
}
"""Kinds by type token."""
