"""Uploads every file below $UPLOAD to s3://$BUCKET, under its path below $UPLOAD, and reads each one back.

Each file is one request, so it may have 5 GiB at most.

Needs boto3, to sign requests by the pod's identity: it runs in the image of KServe's storage initializer, which brings it.

A grant of EKS or IAM takes seconds to be known everywhere, and a pod gets its identity when it starts or never: exit code 75
asks the Job for another pod.
"""

import os
import sys
from pathlib import Path
from typing import Any

from components.in_cluster.object_store import code, digest_of_file, digest_of_object, is_first

TRY_A_NEW_POD = 75
"""`EX_TEMPFAIL` of sysexits.h; components/job.py knows it too."""

IDENTITY = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
"""Set by EKS in a pod whose account has an association (amazon-eks-pod-identity-webhook:pkg/annotations.go@v0.6.17)."""

PASSING = {"AccessDenied", "ConditionalRequestConflict"}
"""A right that is not known everywhere yet; another publication of the same key that is under way."""


class OtherBytesError(Exception):
    """Another object has the key already."""


def publish(store: Any, path: Path, bucket: str, key: str) -> str:  # noqa: ANN401 - a boto3 client has no static type
    """Returns what happened. The store itself decides who comes first, so two publications at once can't overwrite each other."""
    wanted = digest_of_file(path)
    with path.open("rb") as body:
        first = is_first(store, lambda: store.put_object(Bucket=bucket, Key=key, Body=body, IfNoneMatch="*"))
    what = "published" if first else "already published"
    found = digest_of_object(store, bucket, key)
    if found != wanted:
        raise OtherBytesError(
            f"s3://{bucket}/{key} already holds other bytes (sha256 {found}, here {wanted}): a published model never changes. "
            "Give the new one a file name of its own and write its address as source of the model's entry."
        )
    return f"{what}: s3://{bucket}/{key} sha256 {wanted}"


def publish_all(store: Any, upload: Path, bucket: str) -> int:  # noqa: ANN401
    """Returns the exit status, after a line for each file."""
    paths = sorted(path for path in upload.rglob("*") if path.is_file())
    if not paths:
        return _end(1, "the weights image holds no file in /weights")
    try:
        for path in paths:
            print(publish(store, path, bucket, path.relative_to(upload).as_posix()), flush=True)
    except OtherBytesError as error:
        return _end(1, str(error))
    except store.exceptions.ClientError as refused:
        return _end(TRY_A_NEW_POD if code(refused) in PASSING else 1, f"s3://{bucket}: {refused}")
    return 0


def main() -> int:
    if IDENTITY not in os.environ:
        return _end(TRY_A_NEW_POD, "this pod has no AWS identity: its account has no Pod Identity association, or a new one")
    import boto3
    from botocore.exceptions import CredentialRetrievalError

    try:
        return publish_all(boto3.client("s3"), Path(os.environ["UPLOAD"]), os.environ["BUCKET"])
    except CredentialRetrievalError as error:
        return _end(TRY_A_NEW_POD, f"the Pod Identity agent gives no credentials: {error}")


def _end(status: int, why: str) -> int:
    print(why, file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
