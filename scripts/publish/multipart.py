"""A file sent in parts. Nobody sees the object before all parts are there; a later run goes on with the parts of an earlier one."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterator
from typing import IO, Any

from components.in_cluster.object_store import code, is_first
from scripts.errors import DriverError
from scripts.publish.plan import Upload
from scripts.publish.progress import Progress, amount

MIB = 1 << 20
PART = 16 * MIB
MAX_PARTS = 10_000
"""S3's limit (docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html)."""

ALGORITHM = "SHA256"

PASSED_OVER = {"AccessDenied", "NoSuchUpload"}
"""The user lacks this permission, or another process ended the upload. Both only cost the parts that were sent before."""


def part_size(size: int) -> int:
    """Bytes of each part but the last. The file's size alone decides, so that a later run makes the same parts."""
    return max(PART, -(-size // MAX_PARTS // MIB) * MIB)


def send(store: Any, bucket: str, upload: Upload, progress: Progress) -> str | None:  # noqa: ANN401 - a boto3 client
    """Returns the sha256 of what was sent; None if another upload was first.

    A failure leaves the parts in the store for the next run. S3 drops them after a week, MinIO after a day.
    """
    number, there = _continued(store, bucket, upload.key)
    if number is None:
        number = store.create_multipart_upload(Bucket=bucket, Key=upload.key, ChecksumAlgorithm=ALGORITHM)["UploadId"]
    elif there:
        progress.say(f"continuing: {amount(sum(part['Size'] for part in there.values()))} of {upload.path.name} are in the store already")
    whole, parts = hashlib.sha256(), []
    with upload.path.open("rb") as file:
        before = os.fstat(file.fileno())
        for index, body in enumerate(_bodies(file, part_size(upload.size)), 1):
            whole.update(body)
            checksum = base64.b64encode(hashlib.sha256(body).digest()).decode()
            part: dict[str, Any] = {"PartNumber": index, "ChecksumSHA256": checksum}
            if _is_there(there.get(index), checksum, len(body)):
                part["ETag"] = there[index]["ETag"]
                progress.skipped(len(body))
            else:
                # The store refuses a part that does not have this checksum.
                sent = store.upload_part(Bucket=bucket, Key=upload.key, UploadId=number, Body=body, **part)
                part["ETag"] = sent["ETag"]
                progress.moved(len(body))
            parts.append(part)
        after = os.fstat(file.fileno())
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise DriverError(f"{upload.path} changed while it was sent, so nothing was published; run the same command again")
    done = is_first(
        store,
        lambda: store.complete_multipart_upload(
            Bucket=bucket, Key=upload.key, UploadId=number, MultipartUpload={"Parts": parts}, IfNoneMatch="*"
        ),
    )
    return whole.hexdigest() if done else None


def drop_leftovers(store: Any, bucket: str, key: str) -> None:  # noqa: ANN401
    """Aborts the unfinished uploads of a key that exists: none of them can be completed any more."""
    for number in _unfinished(store, bucket, key):
        try:
            store.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=number)
        except store.exceptions.ClientError as refused:
            if code(refused) not in PASSED_OVER:
                raise


def _continued(store: Any, bucket: str, key: str) -> tuple[str | None, dict[int, dict[str, Any]]]:  # noqa: ANN401
    """The newest unfinished upload that this program began for the key, and its parts by their numbers."""
    for number in _unfinished(store, bucket, key):
        try:
            pages = list(store.get_paginator("list_parts").paginate(Bucket=bucket, Key=key, UploadId=number))
        except store.exceptions.ClientError as refused:
            if code(refused) not in PASSED_OVER:
                raise
            continue
        # An upload of another program has no such checksums, and then a part can't bring one.
        if pages and pages[0].get("ChecksumAlgorithm") == ALGORITHM:
            return number, {part["PartNumber"]: part for page in pages for part in page.get("Parts", [])}
    return None, {}


def _unfinished(store: Any, bucket: str, key: str) -> list[str]:  # noqa: ANN401
    """Newest first. None where the user may not list them: then every run starts from the beginning."""
    pages = store.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=key)
    try:
        found = [upload for page in pages for upload in page.get("Uploads", []) if upload["Key"] == key]
    except store.exceptions.ClientError as refused:
        if code(refused) not in PASSED_OVER:
            raise
        return []
    return [upload["UploadId"] for upload in sorted(found, key=lambda upload: upload["Initiated"], reverse=True)]


def _is_there(part: dict[str, Any] | None, checksum: str, size: int) -> bool:
    return part is not None and (part.get("ChecksumSHA256"), part["Size"]) == (checksum, size)


def _bodies(file: IO[bytes], size: int) -> Iterator[bytes]:
    return iter(lambda: file.read(size), b"")
