"""The lock file: what may stand in it, and that the committed one holds what it says."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from components import versions
from components.artifacts import Chart, Image, Manifest
from components.lock import LOCK_FILE, Lock, Locked, committed, parse, render

DIGEST = "sha256:" + "a" * 64


def test_a_digest_has_a_source() -> None:
    for wrong in (
        {"digest": DIGEST, "source": ""},
        {"digest": DIGEST},
        {"digest": "sha256:abc", "source": "a page"},
        {"digest": "", "source": "x"},
    ):
        with pytest.raises(ValidationError):
            Locked.model_validate(wrong)


def test_an_address_is_looked_up_whole() -> None:
    lock = Lock(artifacts={"ghcr.io/a/b:1": Locked(digest=DIGEST, source="a page")})
    assert lock.digest("ghcr.io/a/b:1") == DIGEST
    assert lock.digest("ghcr.io/a/b:2") is None
    assert lock.digest("ghcr.io/a/b") is None


def test_what_is_written_is_read_again_whatever_its_order() -> None:
    entries = {name: Locked(digest=DIGEST, source="a page") for name in ("b:1", "a:1")}
    assert parse(render(Lock(artifacts=entries))) == Lock(artifacts=entries)
    assert render(Lock(artifacts=entries)) == render(Lock(artifacts=dict(sorted(entries.items()))))


def test_the_committed_file_is_as_make_lock_writes_it() -> None:
    assert LOCK_FILE.read_text() == render(committed())


def test_the_committed_file_has_nothing_of_another_version_than_the_pinned_one() -> None:
    """Images that only a release manifest names have no pin; `make lock` drops those that it names no more."""
    pins = [pin for pin in vars(versions).values() if isinstance(pin, Chart | Image | Manifest)]
    addresses = {pin.address for pin in pins}
    repositories = {pin.repository for pin in pins if isinstance(pin, Image)}
    for address in committed().artifacts:
        if "://" in address or address.rpartition(":")[0] in repositories:
            assert address in addresses


def test_the_object_stores_image_is_known_by_its_digest() -> None:
    assert committed().digest(versions.SILO.address) == "sha256:635197cb9f36d01bee221d34d1c7d7960f6a95c48b0b6c01d99cd13bdae51a46"
