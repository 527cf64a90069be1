"""The S3 bucket that models are published to and served from, and the two roles that may do so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import pulumi
import pulumi_aws as aws
from pydantic import Field

from components.aws.pod_identity import pod_identity_role, policy_document
from components.base import Args, Component

OLD_VERSIONS_DAYS = 90
"""How long an object that somebody deleted can be taken back."""

ABANDONED_UPLOAD_DAYS = 7


class ModelBucketArgs(Args):
    """`name` is unique on earth, and short enough for the roles named after it (64 characters at most, say IAM's quotas).

    `protect`: neither bucket nor key are deleted before a person lifts it. Without it a destroy takes the models along.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*[a-z0-9]$", min_length=3, max_length=54)]
    protect: bool = False


class ModelBucket(Component):
    """Owns bucket, encryption key and the roles of readers and publishers. Usable when all of its rules are in force.

    Private, TLS only, encrypted with a key of its own, versioned; a published object is never overwritten, whoever writes.
    """

    def __init__(
        self,
        name: str,
        args: ModelBucketArgs,
        opts: pulumi.ResourceOptions | None = None,
        after: Sequence[pulumi.Resource | None] = (),
    ) -> None:
        super().__init__(name, opts, after)
        self.bucket = args.name
        key = self._key(args)
        guarded = self.child(protect=args.protect)
        bucket = aws.s3.Bucket(name, bucket=args.name, force_destroy=not args.protect, opts=guarded)
        self._history(name, bucket)
        self._encryption(name, bucket, key)
        self._walls(name, bucket)
        decrypt = {"Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": [key.arn]}
        encrypt = {"Effect": "Allow", "Action": ["kms:GenerateDataKey"], "Resource": [key.arn]}
        objects = pulumi.Output.concat(bucket.arn, "/*")
        # KServe's storage initializer asks for the bucket and lists by prefix before it reads (kserve:python/storage@v0.20.0).
        listing = {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": [bucket.arn]}
        reading = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": [objects]}
        writing = {"Effect": "Allow", "Action": ["s3:PutObject"], "Resource": [objects]}
        reader, _ = pod_identity_role(f"{name}-reader", f"{args.name}-reader", [listing, reading, decrypt], self)
        publisher, _ = pod_identity_role(f"{name}-publisher", f"{args.name}-publisher", [reading, writing, decrypt, encrypt], self)
        self.reader_role = reader.arn
        self.publisher_role = publisher.arn
        self.register_outputs({"bucket": args.name})

    def _key(self, args: ModelBucketArgs) -> aws.kms.Key:
        key = aws.kms.Key(
            f"{args.name}-key",
            description=f"Models in {args.name}",
            enable_key_rotation=True,
            deletion_window_in_days=30,
            opts=self.child(protect=args.protect),
        )
        aws.kms.Alias(f"{args.name}-key", name=f"alias/{args.name}", target_key_id=key.key_id, opts=self.child())
        return key

    def _history(self, name: str, bucket: aws.s3.Bucket) -> None:
        versioning = aws.s3.BucketVersioning(name, bucket=bucket.bucket, versioning_configuration={"status": "Enabled"}, opts=self.child())
        aws.s3.BucketLifecycleConfiguration(
            name,
            bucket=bucket.bucket,
            rules=[
                {
                    "id": "what-nobody-serves",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "noncurrent_version_expiration": {"noncurrent_days": OLD_VERSIONS_DAYS},
                    "expiration": {"expired_object_delete_marker": True},
                    "abort_incomplete_multipart_upload": {"days_after_initiation": ABANDONED_UPLOAD_DAYS},
                }
            ],
            opts=self.child([versioning]),
        )

    def _encryption(self, name: str, bucket: aws.s3.Bucket, key: aws.kms.Key) -> None:
        aws.s3.BucketServerSideEncryptionConfiguration(
            name,
            bucket=bucket.bucket,
            rules=[
                {
                    "apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms", "kms_master_key_id": key.arn},
                    # One data key for many objects: a model of a thousand files would otherwise be a thousand KMS requests.
                    "bucket_key_enabled": True,
                }
            ],
            opts=self.child(),
        )

    def _walls(self, name: str, bucket: aws.s3.Bucket) -> None:
        """One after the other: S3 refuses changes to a bucket's permissions that meet each other."""
        ownership = aws.s3.BucketOwnershipControls(
            name, bucket=bucket.bucket, rule={"object_ownership": "BucketOwnerEnforced"}, opts=self.child()
        )
        private = aws.s3.BucketPublicAccessBlock(
            name,
            bucket=bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self.child([ownership]),
        )
        aws.s3.BucketPolicy(name, bucket=bucket.bucket, policy=policy_document(_denials(bucket)), opts=self.child([private]))


def _denials(bucket: aws.s3.Bucket) -> list[dict[str, Any]]:
    objects = pulumi.Output.concat(bucket.arn, "/*")
    return [
        {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [bucket.arn, objects],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
        {
            "Sid": "NeverOverwrite",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:PutObject",
            "Resource": objects,
            # The parts of a multipart upload can't carry the header; its completion, which creates the object, must
            # (docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html).
            "Condition": {"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}},
        },
    ]
