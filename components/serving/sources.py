"""The address of a model's files: in the model store, or a repository of the Hugging Face hub."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator
from pydantic.json_schema import WithJsonSchema

S3 = "s3://"
PATTERNS = {
    S3: r"s3://[a-z0-9][a-z0-9-]+/[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*",
    "hf://": r"hf://[A-Za-z0-9._-]+/[A-Za-z0-9._-]+(:[A-Za-z0-9._-]+)?",
}
"""Scheme → the pattern of its addresses. KServe's storage initializer reads both
(kserve/kserve:python/storage/kserve_storage/kserve_storage.py@v0.20.0)."""

STORE_FORM = 's3://<bucket>/<key> of letters, digits, ".", "_" and "-", for example s3://models/iris/model.json'
FORMS = f"{STORE_FORM}, or hf://<organisation>/<repository>[:<revision>]"


def is_source(address: str) -> bool:
    """True if a model's entry may name this address. `make publish` writes to no other."""
    return any(re.fullmatch(pattern, address) for pattern in PATTERNS.values()) and not {".", ".."} & set(address.split("/"))


def _checked(address: str) -> str:
    if not is_source(address):
        raise ValueError(f'"{address}" is not the address of a model; write {FORMS}')
    return address


Source = Annotated[str, AfterValidator(_checked), WithJsonSchema({"type": "string", "pattern": f"^({'|'.join(PATTERNS.values())})$"})]


def is_in_a_store(address: str) -> bool:
    return address.startswith(S3)


def bucket_of(address: str) -> str:
    """`s3://models/iris/model.json` → `models`. The address is one that `is_in_a_store`."""
    return address.removeprefix(S3).partition("/")[0]


def check_file(address: str, endings: tuple[str, ...]) -> None:
    """Raise ValueError if a server that reads one file of these endings would not find it at the address.

    A folder is no address of a file: KServe downloads every key with that prefix, an older file too (kserve#3776).
    """
    if endings and not address.endswith(endings):
        raise ValueError(f'"{address}" is no file that the server reads; its address must end with {" or ".join(endings)}')


def begins_another(addresses: list[str]) -> tuple[str, str] | None:
    """Return a folder's address that is a prefix of another one: KServe lists by prefix and downloads both (kserve#3776)."""
    stored = sorted({address for address in addresses if is_in_a_store(address)})
    return next(((one, other) for one in stored for other in stored if one != other and other.startswith(one)), None)
