"""Before anything is made: what has no digest is said in a preview and refused in an `up` where digests are required."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components.artifacts import Image
from components.lock import Lock, Locked
from stacks import supply
from stacks.config import parse

PIN = Image(repository="ghcr.io/a/b", tag="1")


@pytest.fixture
def warned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", said.append)
    monkeypatch.setattr(supply, "PINS", {"PIN": PIN})
    monkeypatch.setattr(supply, "committed", Lock)
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    return said


def check(**values: Any) -> None:  # noqa: ANN401 - any configuration
    supply.check(parse(values, "prod"))


def test_a_preview_names_what_is_missing_once(warned: list[str]) -> None:
    for digests in ("optional", "required"):
        check(safeguards={"digests": digests})
    assert len(warned) == 2
    assert "1 artifacts have no digest" in warned[0]
    assert "  ghcr.io/a/b:1" in warned[0]
    assert "make lock" in warned[0]


def test_an_up_is_refused_where_digests_are_required(warned: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: False)
    check()
    assert len(warned) == 1
    with pytest.raises(pulumi.RunError, match=r"safeguards\.digests: required: 1 artifacts(.|\n)*ghcr\.io/a/b:1"):
        check(safeguards={"digests": "required"})


def test_nothing_is_said_when_all_is_known_or_digests_are_dropped(warned: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    check(mirror={"digests": "drop"})
    known = Lock(artifacts={PIN.address: Locked(digest="sha256:" + "a" * 64, source="a test")})
    monkeypatch.setattr(supply, "committed", lambda: known)
    check(safeguards={"digests": "required"})
    assert warned == []
