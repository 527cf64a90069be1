"""S3 buckets: versions, encryption, public access block and TLS, which are separate resources beside each bucket."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from policies.rules.resource import UNKNOWN, Resource, Unknown
from policies.rules.rule import StackRule
from policies.settings import Settings

BUCKET = "aws:s3/bucket:Bucket"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
WALL = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
WALLS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")

Violations = Iterator[tuple[str, Resource | None]]


def _pairs(resources: Sequence[Resource], kind: str) -> Iterator[tuple[Resource, Resource | None]]:
    """Every bucket with its resource of this kind, matched by the bucket's name."""
    beside = {resource.get("bucket"): resource for resource in resources if resource.type == kind}
    for bucket in resources:
        if bucket.type == BUCKET:
            yield bucket, beside.get(bucket.get("bucket", bucket.name))


def _versioned(resources: Sequence[Resource], _settings: Settings) -> Violations:
    for bucket, versioning in _pairs(resources, VERSIONING):
        if versioning is None or versioning.get("versioningConfiguration.status") != "Enabled":
            yield "keeps no versions: overwritten or deleted objects are lost", bucket


def _encrypted(resources: Sequence[Resource], _settings: Settings) -> Violations:
    for bucket, encryption in _pairs(resources, ENCRYPTION):
        path = "rules[0].applyServerSideEncryptionByDefault.sseAlgorithm"
        if encryption is None or encryption.get(path) not in {"aws:kms", "aws:kms:dsse"}:
            yield "is not encrypted with a KMS key: reading the bucket is all it takes", bucket


def _walled(resources: Sequence[Resource], _settings: Settings) -> Violations:
    for bucket, wall in _pairs(resources, WALL):
        if missing := [key for key in WALLS if wall is None or wall.get(key, False) is not True]:
            yield f"public access is not blocked: {', '.join(missing)}", bucket


def _tls_only(resources: Sequence[Resource], _settings: Settings) -> Violations:
    for bucket, policy in _pairs(resources, POLICY):
        if policy is None or not _denies_plain(policy):
            yield "has no policy that denies requests without TLS", bucket


def _denies_plain(policy: Resource) -> bool:
    if policy.properties.get("policy") is UNKNOWN:
        raise Unknown("policy")
    statements = json.loads(policy.get("policy", "{}")).get("Statement", [])
    return any(
        statement.get("Effect") == "Deny" and statement.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport") == "false"
        for statement in statements
    )


RULES: tuple[StackRule, ...] = (
    StackRule(
        name="s3-versioned",
        title="Every bucket keeps versions",
        why="A model that was overwritten or deleted by mistake could not be served again.",
        fix="Use ModelBucket, or add a BucketVersioning with the status Enabled.",
        severity="high",
        types=(BUCKET, VERSIONING),
        check=_versioned,
    ),
    StackRule(
        name="s3-encrypted",
        title="Every bucket is encrypted with a KMS key",
        why="A reader then needs two permissions, and every use of the key is recorded.",
        fix="Use ModelBucket, or add a BucketServerSideEncryptionConfiguration with aws:kms.",
        severity="high",
        types=(BUCKET, ENCRYPTION),
        check=_encrypted,
    ),
    StackRule(
        name="s3-public-access-blocked",
        title="No bucket can be made public",
        why="One ACL or one policy would be enough to publish every model.",
        fix="Use ModelBucket, or add a BucketPublicAccessBlock with all four set.",
        severity="critical",
        types=(BUCKET, WALL),
        check=_walled,
    ),
    StackRule(
        name="s3-tls-only",
        title="Every bucket answers only over TLS",
        why="A request without TLS carries data unencrypted in both directions.",
        fix="Use ModelBucket, or deny s3:* where aws:SecureTransport is false.",
        severity="high",
        types=(BUCKET, POLICY),
        check=_tls_only,
    ),
)
