"""Where the bytes of a release manifest come from, and that only the right ones are used."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from components import manifest_source, oci
from components.artifacts import Manifest, Mirror
from components.lock import Lock, Locked
from components.manifest_source import ManifestError, read

PIN = Manifest(name="thing", version="1.2.3", url="https://releases.example/v{version}/thing.yaml")
CONTENT = b"kind: Thing\n"
DIGEST = "sha256:" + hashlib.sha256(CONTENT).hexdigest()
OTHER = "sha256:" + "0" * 64


def lock(digest: str) -> Lock:
    return Lock(artifacts={PIN.url: Locked(digest=digest, source="a test")})


@pytest.fixture
def upstream(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """A registry that has the manifest; the list is what it was asked for. Downloads are kept in a folder of the test."""
    asked: list[str] = []

    def file(reference: str) -> bytes:
        asked.append(reference)
        return CONTENT

    monkeypatch.setattr(oci, "file", file)
    monkeypatch.setattr(manifest_source, "downloads", lambda: tmp_path / "kept")
    return asked


def test_a_folders_file_is_read_as_it_is_when_nobody_knows_its_hash(tmp_path: Path) -> None:
    (tmp_path / "thing-1.2.3.yaml").write_bytes(CONTENT)
    assert read(PIN, Mirror(manifests=str(tmp_path), lock=Lock())) == CONTENT
    assert read(PIN, Mirror(manifests=str(tmp_path), lock=lock(DIGEST))) == CONTENT
    assert read(PIN, Mirror(manifests=str(tmp_path), lock=lock(OTHER), digests="drop")) == CONTENT


def test_a_wrong_file_is_refused_with_both_hashes_and_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "thing-1.2.3.yaml").write_bytes(CONTENT)
    with pytest.raises(ManifestError) as refused:
        read(PIN, Mirror(manifests=str(tmp_path), lock=lock(OTHER)))
    for part in ("thing 1.2.3", str(tmp_path), f"expected {OTHER}", f"got {DIGEST}", "make lock", "mirror.digests: drop"):
        assert part in str(refused.value)


def test_a_missing_file_is_named_with_where_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(
        ManifestError, match=r"thing 1\.2\.3: .*/thing-1\.2\.3\.yaml: No such file.*https://releases\.example/v1\.2\.3/thing\.yaml"
    ):
        read(PIN, Mirror(manifests=str(tmp_path), lock=Lock()))


def test_a_download_happens_once(upstream: list[str]) -> None:
    mirror = Mirror(registry="corp.example", lock=lock(DIGEST))
    assert [read(PIN, mirror) for _ in range(2)] == [CONTENT, CONTENT]
    assert upstream == ["corp.example/manifests/thing:1.2.3"]


def test_a_download_that_the_lock_no_longer_agrees_with_is_fetched_anew_and_a_wrong_one_is_not_kept(
    upstream: list[str], tmp_path: Path
) -> None:
    assert read(PIN, Mirror(registry="corp.example", lock=Lock())) == CONTENT
    (kept,) = (tmp_path / "kept").iterdir()
    kept.write_bytes(b"something else")
    assert read(PIN, Mirror(registry="corp.example", lock=lock(DIGEST))) == CONTENT
    assert kept.read_bytes() == CONTENT
    assert len(upstream) == 2
    with pytest.raises(ManifestError, match=f"expected {OTHER}, got {DIGEST}"):
        read(PIN, Mirror(registry="other.example", lock=lock(OTHER)))
    assert [path.name for path in (tmp_path / "kept").iterdir()] == [kept.name]


def test_another_place_is_another_download(upstream: list[str]) -> None:
    for registry in ("corp.example", "other.example"):
        read(PIN, Mirror(registry=registry, lock=Lock()))
    assert len(upstream) == 2


def test_a_place_that_does_not_answer_is_named_with_a_way_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(manifest_source, "downloads", lambda: tmp_path)
    # Port 9 of this machine: nothing listens there, and nothing leaves the machine.
    mirror = Mirror(manifests="https://127.0.0.1:9", lock=Lock())
    with pytest.raises(
        ManifestError, match=r"cannot download https://127\.0\.0\.1:9/thing-1\.2\.3\.yaml: .*refused.*set mirror\.manifests"
    ):
        read(PIN, mirror)
    with pytest.raises(ManifestError, match=r"cannot download oci://127\.0\.0\.1:9/m/thing:1\.2\.3: .*refused"):
        read(PIN, Mirror(manifests="oci://127.0.0.1:9/m", lock=Lock()))
