"""Rights to the objects of a bucket, and to the data keys with which S3 encrypts them."""

from __future__ import annotations

from collections.abc import Sequence

from components.aws.policy import OWN_ACCOUNT, Statement, allow


def bucket_arn(bucket: str) -> str:
    """ARN of the bucket; bucket ARNs have neither region nor account."""
    return f"arn:aws:s3:::{bucket}"


def object_arn(bucket: str, key: str = "*") -> str:
    """ARN of the object, or of all objects whose keys match."""
    return f"{bucket_arn(bucket)}/{key}"


def allow_reading(bucket: str, keys: Sequence[str] = ("*",)) -> list[Statement]:
    """Readers list by prefix before they read: KServe's storage initializer (kserve:python/storage@v0.20.0), and SageMaker."""
    listed = None if "*" in keys else {"StringLike": {"s3:prefix": list(keys)}}
    return [
        allow(["s3:ListBucket"], [bucket_arn(bucket)], listed),
        allow(["s3:GetObject"], [object_arn(bucket, key) for key in keys]),
        allow_data_keys(bucket, ["kms:Decrypt"]),
    ]


def allow_data_keys(bucket: str, actions: Sequence[str]) -> Statement:
    """Allow any KMS key, but only through S3 and only for objects of this bucket, so that it cannot decrypt anything else.

    S3 tells KMS the object, or the bucket if one data key serves many objects
    (docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html).
    """
    through = {"kms:ViaService": "s3.*.amazonaws.com", "kms:EncryptionContext:aws:s3:arn": [bucket_arn(bucket), object_arn(bucket)]}
    return allow(actions, ["arn:aws:kms:*:*:key/*"], {**OWN_ACCOUNT, "StringLike": through})
