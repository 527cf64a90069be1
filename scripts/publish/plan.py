"""Which files are published under which keys. Nothing here reads the store."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from components.serving.sources import S3, STORE_FORM, is_in_a_store, is_source
from scripts.errors import DriverError

MAX_KEY_BYTES = 1024
"""S3's limit for a key in UTF-8 (docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html)."""


@dataclass(frozen=True)
class Address:
    """`s3://<bucket>/<key>`. `is_folder`: the address ends with a slash, which `key` leaves out."""

    bucket: str
    key: str
    is_folder: bool = False

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True)
class Upload:
    """One file and the key that it gets. `size` is in bytes."""

    path: Path
    key: str
    size: int


@dataclass(frozen=True)
class Plan:
    """`prefix`: the folder of the store that gets the files; None where a single file gets the key of the address itself."""

    uploads: list[Upload]
    prefix: str | None = None


def address(text: str) -> Address:
    """Raises DriverError if the text is no address of an object or folder that a model's source can name."""
    place = text.removesuffix("/")
    _check_source(place, f"TO={text}")
    bucket, _, key = place.removeprefix(S3).partition("/")
    return Address(bucket, key, is_folder=place != text)


def planned(path: Path, target: Address) -> Plan:
    """A folder gives a key below the target to each of its files. Raises DriverError if a file can't be published."""
    if path.is_dir():
        plan = Plan([_upload(file, f"{target.key}/{file.relative_to(path).as_posix()}") for file in _files(path)], target.key)
    elif target.is_folder:
        plan = Plan([_upload(path, f"{target.key}/{path.name}")])
        _check_source(f"{target}/{path.name}", f"FILE={path}")
    else:
        plan = Plan([_upload(path, target.key)])
    if not plan.uploads:
        raise DriverError(f"FILE={path}: the folder holds no file")
    if not any(upload.size for upload in plan.uploads):
        raise DriverError(f"FILE={path} is empty")
    return plan


def _check_source(place: str, given: str) -> None:
    if not (is_in_a_store(place) and is_source(place)):
        raise DriverError(f'{given}: no model can have "{place}" as its source; write TO={STORE_FORM}')


def _files(folder: Path) -> Iterator[Path]:
    """All files below the folder, in the order of their names. A linked file counts as a file."""
    for parent, folders, names in os.walk(folder, onerror=_unreadable):
        folders.sort()
        for name in folders:
            if Path(parent, name).is_symlink():
                raise DriverError(f"{Path(parent, name)} is a link to a folder: replace it by the folder, or publish that one by itself")
        yield from (Path(parent, name) for name in sorted(names))


def _unreadable(error: OSError) -> None:
    raise DriverError(f"{error.filename}: {error.strerror}")


def _upload(path: Path, key: str) -> Upload:
    if not path.exists():
        raise DriverError(f"{path} is a link that leads nowhere" if path.is_symlink() else f"FILE={path}: no such file or folder")
    if not path.is_file():
        raise DriverError(f"{path} is neither a file nor a folder")
    if not os.access(path, os.R_OK):
        raise DriverError(f"{path} can't be read: permission denied")
    if not _is_utf8(key + path.name):
        raise DriverError(f"{os.fsencode(path).decode(errors='backslashreplace')}: its name is not UTF-8; rename it")
    if len(key.encode()) > MAX_KEY_BYTES:
        raise DriverError(f"{path}: its key has {len(key.encode())} bytes, and S3 takes {MAX_KEY_BYTES}")
    return Upload(path, key, path.stat().st_size)


def _is_utf8(text: str) -> bool:
    """False if Python read the text from bytes that are no UTF-8."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
