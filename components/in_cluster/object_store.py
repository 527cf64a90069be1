"""Writes an object once and compares it. Every function takes a boto3 client, and this file imports only the standard library."""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

CHUNK = 1 << 20
"""Bytes hashed at a time, so that memory does not grow with the model."""

Seen = Callable[[int], None]
"""Called with the number of bytes that were read since the last call."""


def is_first(store: Any, write: Callable[[], object]) -> bool:  # noqa: ANN401 - a boto3 client has no static type
    """Runs a request that carries `IfNoneMatch="*"`. False: the key is taken, and nothing was written.

    The store itself decides who comes first, so two publications at once can't overwrite each other.
    """
    try:
        write()
    except store.exceptions.ClientError as refused:
        if code(refused) != "PreconditionFailed":
            raise
        return False
    return True


def code(refused: Any) -> str:  # noqa: ANN401 - botocore's ClientError
    """Return the store's error code for a refusal."""
    return str(refused.response["Error"]["Code"])


def digest_of_file(path: Path) -> str:
    with path.open("rb") as file:
        return _digest(iter(lambda: file.read(CHUNK), b""), _nobody)


def _nobody(_: int) -> None:
    return None


def digest_of_object(store: Any, bucket: str, key: str, seen: Seen = _nobody) -> str:  # noqa: ANN401
    """Reads the whole object back from the store."""
    return _digest(store.get_object(Bucket=bucket, Key=key)["Body"].iter_chunks(CHUNK), seen)


def _digest(chunks: Iterable[bytes], seen: Seen) -> str:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
        seen(len(chunk))
    return digest.hexdigest()
