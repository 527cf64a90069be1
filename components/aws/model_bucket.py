"""The S3 bucket for models, and the two roles that read and publish them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import pulumi
from pulumi_aws import kms, s3
from pydantic import Field

from components.aws.bucket_rights import allow_data_keys, allow_reading, bucket_arn, object_arn
from components.aws.policy import Statement, allow, deny_plain_text, document, trust_pods
from components.aws.role import Role, RoleArgs
from components.base import Args, Component

OLD_VERSIONS_DAYS = 90
"""Days during which a deleted object can be restored."""

ABANDONED_UPLOAD_DAYS = 7


class ModelBucketArgs(Args):
    """`name` is globally unique, and short enough for the roles that contain it (IAM allows 64 characters).

    `protect`: neither bucket nor key is deleted until a person removes the protection. Without it, a destroy deletes the models too.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*[a-z0-9]$", min_length=3, max_length=54)]
    protect: bool = False


class ModelBucket(Component):
    """Owns bucket, encryption key and the roles of readers and publishers. Usable when all its rules are in force.

    The bucket is private, TLS only, versioned and encrypted with its own key. No client can overwrite a published object.
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
        key = self._key(name, args)
        self.key_arn = key.arn
        guarded = self.child(protect=args.protect)
        bucket = s3.Bucket(name, bucket=args.name, force_destroy=not args.protect, opts=guarded)
        self._history(name, bucket)
        self._encryption(name, bucket, key)
        self._walls(name, args, bucket)
        self.reader_role = self._role("reader", args, allow_reading(args.name))
        self.publisher_role = self._role("publisher", args, _publishing(args))
        self.register_outputs({"bucket": args.name, "key_arn": self.key_arn})

    def _role(self, right: str, args: ModelBucketArgs, statements: list[Statement]) -> Role:
        return Role(
            f"model-{right}",
            RoleArgs(name=f"{args.name}-{right}", trust=trust_pods(), inline={"models": document(*statements)}),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _key(self, name: str, args: ModelBucketArgs) -> kms.Key:
        key = kms.Key(
            f"{name}-key",
            description=f"Models in {args.name}",
            enable_key_rotation=True,
            deletion_window_in_days=30,
            opts=self.child(protect=args.protect),
        )
        kms.Alias(f"{name}-key", name=f"alias/{args.name}", target_key_id=key.key_id, opts=self.child())
        return key

    def _history(self, name: str, bucket: s3.Bucket) -> None:
        versioning = s3.BucketVersioning(name, bucket=bucket.bucket, versioning_configuration={"status": "Enabled"}, opts=self.child())
        s3.BucketLifecycleConfiguration(
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

    def _encryption(self, name: str, bucket: s3.Bucket, key: kms.Key) -> None:
        s3.BucketServerSideEncryptionConfiguration(
            name,
            bucket=bucket.bucket,
            rules=[
                {
                    "apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms", "kms_master_key_id": key.arn},
                    # One data key serves many objects; otherwise a model of a thousand files would cost a thousand KMS requests.
                    "bucket_key_enabled": True,
                }
            ],
            opts=self.child(),
        )

    def _walls(self, name: str, args: ModelBucketArgs, bucket: s3.Bucket) -> None:
        """Access rules of the bucket, created one after the other because S3 refuses concurrent changes to a bucket's permissions."""
        ownership = s3.BucketOwnershipControls(
            name, bucket=bucket.bucket, rule={"object_ownership": "BucketOwnerEnforced"}, opts=self.child()
        )
        private = s3.BucketPublicAccessBlock(
            name,
            bucket=bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self.child([ownership]),
        )
        s3.BucketPolicy(name, bucket=bucket.bucket, policy=document(*_denials(args)), opts=self.child([private]))


def _publishing(args: ModelBucketArgs) -> list[Statement]:
    """A publisher reads back what it wrote, and any object that already has the key."""
    return [
        allow(["s3:GetObject", "s3:PutObject"], [object_arn(args.name)]),
        allow_data_keys(args.name, ["kms:Decrypt", "kms:GenerateDataKey"]),
    ]


def _denials(args: ModelBucketArgs) -> list[Statement]:
    return [
        deny_plain_text("s3:*", [bucket_arn(args.name), object_arn(args.name)]),
        {
            "Sid": "NeverOverwrite",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:PutObject",
            "Resource": object_arn(args.name),
            # The parts of a multipart upload cannot carry the header; its completion, which creates the object, must
            # (docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html).
            "Condition": {"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}},
        },
    ]
