"""Brings the files of a plan into a bucket, and reads each one back. A published key never changes."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Any

from components.in_cluster.object_store import code, digest_of_file, digest_of_object, is_first
from scripts.errors import DriverError
from scripts.publish.multipart import PART, drop_leftovers, send
from scripts.publish.plan import Plan, Upload
from scripts.publish.progress import Progress, amount

NEVER_CHANGES = "a published model never changes: choose another key"


@dataclass(frozen=True)
class Bucket:
    """A bucket, and a boto3 client that reaches it."""

    client: Any
    name: str

    def address(self, key: str) -> str:
        return f"s3://{self.name}/{key}"


def publish(bucket: Bucket, plan: Plan, progress: Progress) -> None:
    """Raises DriverError before anything is sent if a key of the plan holds other bytes.

    The largest file is sent first: a folder that is cut off half-way then still lacks the small files that a model server reads first.
    """
    standing = _standing(bucket, plan)
    for upload in plan.uploads:
        if standing.get(upload.key, upload.size) != upload.size:
            held = amount(standing[upload.key])
            raise DriverError(
                f"{bucket.address(upload.key)} already holds other bytes ({held}; here {amount(upload.size)}): {NEVER_CHANGES}"
            )
    for upload in (upload for upload in plan.uploads if upload.key in standing):
        _confirm(bucket, upload, progress)
    missing = [upload for upload in plan.uploads if upload.key not in standing]
    for upload in sorted(missing, key=lambda upload: -upload.size):
        _publish(bucket, upload, progress)


def _standing(bucket: Bucket, plan: Plan) -> dict[str, int]:
    """Sizes in bytes of the keys that exist. Raises DriverError where a file of the store would become a folder too, or a folder a file."""
    for parent in _parents(plan.uploads[0].key if plan.prefix is None else f"{plan.prefix}/"):
        if _size(bucket, parent) is not None:
            raise DriverError(f"{bucket.address(parent)} is a file of the store, so nothing is published below it: choose another key")
    if plan.prefix is None:
        (upload,) = plan.uploads
        if below := _sizes(bucket, f"{upload.key}/"):
            raise DriverError(f"{bucket.address(upload.key)} is a folder of the store (it holds {min(below)}): choose another key")
        size = _size(bucket, upload.key)
        return {} if size is None else {upload.key: size}
    return _sizes(bucket, f"{plan.prefix}/")


def _parents(key: str) -> list[str]:
    """The folders of a key: a and a/b of a/b/c."""
    parts = key.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def _sizes(bucket: Bucket, prefix: str) -> dict[str, int]:
    pages = bucket.client.get_paginator("list_objects_v2").paginate(Bucket=bucket.name, Prefix=prefix)
    return {found["Key"]: found["Size"] for page in pages for found in page.get("Contents", [])}


def _size(bucket: Bucket, key: str) -> int | None:
    try:
        return int(bucket.client.head_object(Bucket=bucket.name, Key=key)["ContentLength"])
    except bucket.client.exceptions.ClientError as refused:
        if code(refused) == "404":  # an answer without a body has no word of its own
            return None
        raise


def _publish(bucket: Bucket, upload: Upload, progress: Progress) -> None:
    progress.start(f"sending {upload.path.name}", upload.size)
    whole = _send_whole if upload.size <= PART else send
    sent = whole(bucket.client, bucket.name, upload, progress)
    if sent is None:
        _confirm(bucket, upload, progress)
        return
    found = _read_back(bucket, upload, progress)
    if found != sent:
        raise DriverError(
            f"{bucket.address(upload.key)} gives other bytes back (sha256 {found}) than were sent ({sent}): do not serve this key"
        )
    _finish(bucket, upload, progress, "published", found)


def _send_whole(store: Any, bucket: str, upload: Upload, progress: Progress) -> str | None:  # noqa: ANN401
    """Returns the sha256 of what was sent; None if another upload was first."""
    body = upload.path.read_bytes()
    digest = hashlib.sha256(body)
    checksum = base64.b64encode(digest.digest()).decode()
    first = is_first(store, lambda: store.put_object(Bucket=bucket, Key=upload.key, Body=body, ChecksumSHA256=checksum, IfNoneMatch="*"))
    progress.moved(len(body))
    return digest.hexdigest() if first else None


def _confirm(bucket: Bucket, upload: Upload, progress: Progress) -> None:
    """Raises DriverError where the key holds anything else than this file."""
    found, wanted = _read_back(bucket, upload, progress), digest_of_file(upload.path)
    if found != wanted:
        drop_leftovers(bucket.client, bucket.name, upload.key)
        raise DriverError(f"{bucket.address(upload.key)} already holds other bytes (sha256 {found}; here {wanted}): {NEVER_CHANGES}")
    _finish(bucket, upload, progress, "already published", found)


def _read_back(bucket: Bucket, upload: Upload, progress: Progress) -> str:
    progress.start(f"checking {upload.path.name}", upload.size)
    return digest_of_object(bucket.client, bucket.name, upload.key, progress.moved)


def _finish(bucket: Bucket, upload: Upload, progress: Progress, what: str, digest: str) -> None:
    drop_leftovers(bucket.client, bucket.name, upload.key)
    progress.say(f"{what}: {bucket.address(upload.key)} {amount(upload.size)} sha256 {digest}")
