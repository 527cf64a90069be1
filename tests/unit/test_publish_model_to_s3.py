"""A published model never changes: the program against a fake of a boto3 client, which keeps S3's rule of conditional writes.

That real S3 and MinIO keep the same rule is not proven here.
"""

from __future__ import annotations

import io
import types
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from components import job
from components.in_cluster import publish_model_to_s3
from components.in_cluster.object_store import CHUNK
from components.in_cluster.publish_model_to_s3 import IDENTITY, TRY_A_NEW_POD, publish_all
from tests.structure.project import ROOT, imported


class ClientError(Exception):
    def __init__(self, code: str) -> None:
        super().__init__(f"An error occurred ({code})")
        self.response = {"Error": {"Code": code}}


class Body(io.BytesIO):
    def iter_chunks(self, size: int) -> Iterator[bytes]:
        return iter(lambda: self.read(size), b"")


class Bucket:
    """The part of a boto3 S3 client that the program uses."""

    exceptions = types.SimpleNamespace(ClientError=ClientError)

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.refusal: str | None = None
        self.damage = b""

    def put_object(self, *, Bucket: str, Key: str, Body: io.BufferedReader, IfNoneMatch: str) -> None:  # noqa: N803
        assert (Bucket, IfNoneMatch) == ("models-of-acme", "*")
        if self.refusal:
            raise ClientError(self.refusal)
        if Key in self.objects:
            raise ClientError("PreconditionFailed")
        self.objects[Key] = Body.read() + self.damage

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Body]:  # noqa: N803
        assert Bucket == "models-of-acme"
        return {"Body": Body(self.objects[Key])}


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


@pytest.fixture
def upload(tmp_path: Path) -> Path:
    (tmp_path / "mnist").mkdir()
    (tmp_path / "mnist/model.pt").write_bytes(b"weights")
    return tmp_path


def published(bucket: Bucket, upload: Path) -> int:
    return publish_all(bucket, upload, "models-of-acme")


def test_every_file_is_published_under_its_path_and_read_back(bucket: Bucket, upload: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (upload / "mnist/v2/labels").mkdir(parents=True)
    (upload / "mnist/v2/labels/labels.json").write_bytes(b"[]")
    assert published(bucket, upload) == 0
    assert bucket.objects == {"mnist/model.pt": b"weights", "mnist/v2/labels/labels.json": b"[]"}
    assert f"published: s3://models-of-acme/mnist/model.pt sha256 {sha256(b'weights').hexdigest()}\n" in capsys.readouterr().out


def test_a_second_publication_of_the_same_bytes_changes_nothing(bucket: Bucket, upload: Path, capsys: pytest.CaptureFixture[str]) -> None:
    published(bucket, upload)
    assert published(bucket, upload) == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("already published: s3://models-of-acme/mnist/model.pt")


def test_other_bytes_under_a_published_key_are_refused_and_kept(bucket: Bucket, upload: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bucket.objects["mnist/model.pt"] = b"what is served"
    assert published(bucket, upload) == 1
    assert bucket.objects["mnist/model.pt"] == b"what is served"
    error = capsys.readouterr().err
    assert sha256(b"what is served").hexdigest() in error
    assert "Give the new one a file name of its own and write its address as source of the model's entry." in error


def test_bytes_that_arrive_damaged_are_a_failure(bucket: Bucket, upload: Path) -> None:
    bucket.damage = b"!"
    assert published(bucket, upload) == 1


def test_a_model_larger_than_one_chunk_is_compared_whole(bucket: Bucket, upload: Path) -> None:
    large = bytes(CHUNK) + b"end"
    (upload / "mnist/model.pt").write_bytes(large)
    assert published(bucket, upload) == 0
    bucket.objects["mnist/model.pt"] = large[:-1] + b"D"
    assert published(bucket, upload) == 1


@pytest.mark.parametrize(
    ("code", "status"), [("AccessDenied", TRY_A_NEW_POD), ("ConditionalRequestConflict", TRY_A_NEW_POD), ("NoSuchBucket", 1)]
)
def test_only_what_may_pass_is_tried_again(
    bucket: Bucket, upload: Path, capsys: pytest.CaptureFixture[str], code: str, status: int
) -> None:
    bucket.refusal = code
    assert published(bucket, upload) == status
    assert f"s3://models-of-acme: An error occurred ({code})" in capsys.readouterr().err


def test_an_image_without_weights_is_told(bucket: Bucket, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert published(bucket, tmp_path) == 1
    assert capsys.readouterr().err == "the weights image holds no file in /weights\n"


def test_a_pod_without_an_identity_asks_for_another(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv(IDENTITY, raising=False)
    assert publish_model_to_s3.main() == TRY_A_NEW_POD == job.TRY_A_NEW_POD
    assert "this pod has no AWS identity" in capsys.readouterr().err


def test_the_job_brings_every_file_that_the_program_imports() -> None:
    program = Path(publish_model_to_s3.__file__)
    imports = {name.split(".")[2] for name in imported(program) if name.startswith("components.in_cluster.")}
    assert imports == {"object_store"}
    job_source = (ROOT / "components" / "serving" / "model_publication.py").read_text()
    assert all(f'PROGRAMS / "{name}.py"' in job_source for name in imports), "a pod of this Job would fail with ImportError"
