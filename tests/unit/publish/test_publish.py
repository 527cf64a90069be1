"""`make publish`, against a small S3 behind a port-forward of a fake kubectl.

That real S3 and MinIO keep the same rules is not proven here.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from threading import Event

import pytest

from scripts.commands import ROOT
from tests.unit.mlops.fake_kubectl import Kubectl
from tests.unit.publish.program import PART, Program, ready
from tests.unit.publish.s3_server import S3, RefusedError, serving

pytestmark = pytest.mark.slow

SECRET_KEY = "the-publishers-secret-key"
KEY = "smollm/v2/model.safetensors"
TO = f"s3://models/{KEY}"
LARGE = b"".join(bytes([number]) * PART for number in (1, 2)) + b"end"
"""Three parts."""


class Machine:
    """A user's machine: a kubeconfig, a kubectl, and a store behind it."""

    def __init__(self, folder: Path, s3: S3, program: Program) -> None:
        self.folder, self.s3, self.program = folder, s3, program
        self.kubectl = Kubectl(folder / "bin")
        self.kubectl.services({"minio/minio": {"type": "ClusterIP", "clusterIP": "None"}}, forwarded_port=s3.port)
        keys = {"AWS_ACCESS_KEY_ID": "model-publisher", "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
        self.kubectl.secrets({"minio/store-user-model-publisher": keys})
        (folder / "kubeconfig").touch()
        self.model = folder / "model.safetensors"
        proxy = "http://127.0.0.1:9"
        self.environment = {"HTTP_PROXY": proxy, "http_proxy": proxy, "PATH": str(self.kubectl.folder), "HOME": str(folder)}
        self.environment["KUBECONFIG"] = str(folder / "kubeconfig")

    def start(self, file: Path | None = None, to: str = TO, stack: str = "local", root: Path = ROOT) -> int:
        words = ["--stack", stack, "--file", str(file or self.model), "--to", to]
        return self.program.start(words, self.environment, self.folder, root)

    def publish(self, file: Path | None = None, to: str = TO, stack: str = "local", root: Path = ROOT) -> tuple[int, str, str]:
        self.start(file, to, stack, root)
        status, out, error = self.program.end(self.folder)
        assert SECRET_KEY not in out + error
        return status, out, error


@pytest.fixture(scope="module")
def program() -> Iterator[Program]:
    with ready() as found:
        yield found


@pytest.fixture
def s3() -> Iterator[S3]:
    with serving() as found:
        yield found


@pytest.fixture
def machine(tmp_path: Path, s3: S3, program: Program) -> Machine:
    return Machine(tmp_path, s3, program)


def test_a_file_is_published_once(machine: Machine) -> None:
    machine.model.write_bytes(b"weights")
    digest = sha256(b"weights").hexdigest()
    assert machine.publish() == (0, f"published: {TO} 7 B sha256 {digest}\n", "")
    assert machine.s3.objects == {KEY: b"weights"}
    assert machine.s3.users == {"model-publisher"}
    assert (machine.kubectl.folder / "forwarded").read_text() == "--namespace minio port-forward service/minio :9000"

    assert machine.publish() == (0, f"already published: {TO} 7 B sha256 {digest}\n", "")

    machine.model.write_bytes(b"changed")
    status, out, error = machine.publish()
    assert (status, out) == (2, "")
    assert error == (
        f"error: {TO} already holds other bytes (sha256 {digest}; here {sha256(b'changed').hexdigest()}): "
        "a published model never changes: choose another key\n"
    )
    assert machine.s3.objects == {KEY: b"weights"}
    assert machine.s3.requests.count("write") == 1


@pytest.mark.parametrize(
    ("number", "ending"),
    [(signal.SIGKILL, (-signal.SIGKILL, "", "")), (signal.SIGINT, (130, "", "\ninterrupted: the same command continues\n"))],
)
def test_a_large_file_that_was_cut_off_half_way_is_continued(
    machine: Machine, number: signal.Signals, ending: tuple[int, str, str]
) -> None:
    machine.model.write_bytes(LARGE)
    arrived, ended = Event(), Event()

    def at_the_second_part(part: int) -> None:
        if part == 2:
            arrived.set()
            ended.wait(30)
            raise RefusedError(500, "InternalError")

    machine.s3.before_part = at_the_second_part
    process = machine.start()
    assert arrived.wait(30)
    os.kill(process, number)
    assert machine.program.end(machine.folder) == ending
    machine.s3.before_part = lambda _: None
    ended.set()
    assert machine.s3.objects == {}
    machine.s3.requests.clear()

    status, out, error = machine.publish()
    assert (status, error) == (0, "")
    assert out.splitlines() == [
        "continuing: 1.0 MB of model.safetensors are in the store already",
        f"published: {TO} 2.1 MB sha256 {sha256(LARGE).hexdigest()}",
    ]
    assert machine.s3.objects == {KEY: LARGE}
    assert machine.s3.uploads == {}
    assert machine.s3.requests.count("write_part") == 2
    assert "begin" not in machine.s3.requests


def test_parts_of_another_file_are_sent_anew_and_nobody_is_overtaken(machine: Machine) -> None:
    machine.s3.uploads[KEY, "of-another-file"] = {1: b"\x09" * PART}
    machine.s3.uploads[f"{KEY}.old", "of-another-key"] = {}
    machine.s3.before_write = lambda key: machine.s3.objects.update({key: b"faster"})
    machine.model.write_bytes(LARGE)
    status, _, error = machine.publish()
    assert status == 2
    assert f"{TO} already holds other bytes (sha256 {sha256(b'faster').hexdigest()}; here {sha256(LARGE).hexdigest()})" in error
    assert machine.s3.objects == {KEY: b"faster"}
    assert list(machine.s3.uploads) == [(f"{KEY}.old", "of-another-key")]
    assert machine.s3.requests.count("write_part") == 3
    assert machine.s3.requests.count("abort") == 1


def test_a_file_that_changes_while_it_is_sent_is_not_published(machine: Machine) -> None:
    machine.model.write_bytes(LARGE)
    machine.s3.before_part = lambda part: os.utime(machine.model, (part, part))
    reason = f"{machine.model} changed while it was sent, so nothing was published; run the same command again"
    assert machine.publish() == (2, "", f"error: {reason}\n")
    assert machine.s3.objects == {}


def test_what_a_run_left_behind_is_removed_once_the_key_exists(machine: Machine) -> None:
    machine.model.write_bytes(b"weights")
    machine.s3.objects[KEY] = b"weights"
    machine.s3.uploads[KEY, "left-behind"] = {1: b"we"}
    status, out, _ = machine.publish()
    assert (status, out.split(":")[0]) == (0, "already published")
    assert machine.s3.uploads == {}


def test_without_the_right_to_see_earlier_uploads_a_file_is_sent_from_the_beginning(machine: Machine) -> None:
    machine.s3.refused = {"list_uploads", "list_parts", "abort"}
    machine.model.write_bytes(LARGE)
    assert machine.publish()[0] == 0
    assert machine.s3.objects == {KEY: LARGE}


def test_every_file_of_a_folder_is_published_below_the_address(machine: Machine) -> None:
    folder = machine.folder / "smollm"
    (folder / "tokenizer").mkdir(parents=True)
    (folder / "config.json").write_bytes(b"{}")
    (folder / "tokenizer" / "vocabulary ü.txt").write_bytes(b"words")
    (folder / "tokenizer" / "empty").touch()
    machine.s3.objects["smollm/v3/config.json"] = b"{}"
    status, out, error = machine.publish(folder, "s3://models/smollm/v3/")
    assert (status, error) == (0, "")
    assert [line.split(" sha256 ")[0] for line in out.splitlines()] == [
        "already published: s3://models/smollm/v3/config.json 2 B",
        "published: s3://models/smollm/v3/tokenizer/vocabulary ü.txt 5 B",
        "published: s3://models/smollm/v3/tokenizer/empty 0 B",
    ]
    assert machine.s3.objects == {
        "smollm/v3/config.json": b"{}",
        "smollm/v3/tokenizer/vocabulary ü.txt": b"words",
        "smollm/v3/tokenizer/empty": b"",
    }

    (folder / "config.json").write_bytes(b"{ }")
    (folder / "new").write_bytes(b"new")
    status, out, error = machine.publish(folder, "s3://models/smollm/v3")
    assert (status, out) == (2, "")
    assert error.startswith("error: s3://models/smollm/v3/config.json already holds other bytes (2 B; here 3 B): ")
    assert "smollm/v3/new" not in machine.s3.objects


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        ("s3://models/smollm", "s3://models/smollm is a file of the store, so nothing is published below it: choose another key"),
        ("s3://models/smollm/v2/", "s3://models/smollm is a file of the store, so nothing is published below it: choose another key"),
        ("s3://models/mnist", "s3://models/mnist is a folder of the store (it holds mnist/model.pt): choose another key"),
    ],
)
def test_a_folder_and_a_file_never_share_a_key(machine: Machine, to: str, reason: str) -> None:
    machine.s3.objects |= {"smollm": b"a file", "mnist/model.pt": b"below a folder"}
    before = dict(machine.s3.objects)
    folder = machine.folder / "weights"
    folder.mkdir()
    (folder / "model.pt").write_bytes(b"weights")
    file = folder if to == "s3://models/smollm" else folder / "model.pt"
    assert machine.publish(file, to) == (2, "", f"error: {reason}\n")
    assert machine.s3.objects == before


def test_bytes_that_come_back_damaged_are_a_failure(machine: Machine) -> None:
    machine.model.write_bytes(b"weights")
    machine.s3.damage = b"!"
    status, out, error = machine.publish()
    assert (status, out) == (2, "")
    found, sent = sha256(b"weights!").hexdigest(), sha256(b"weights").hexdigest()
    assert error == f"error: {TO} gives other bytes back (sha256 {found}) than were sent ({sent}): do not serve this key\n"


def test_a_refusal_of_the_store_is_one_line(machine: Machine) -> None:
    machine.model.write_bytes(b"weights")
    machine.s3.refused = {"write"}
    status, _, error = machine.publish()
    assert (status, len(error.splitlines())) == (2, 1)
    assert error.startswith("error: the model store of stack local: An error occurred (AccessDenied) when calling the PutObject operation")


def test_a_cluster_without_the_store_is_told(machine: Machine) -> None:
    machine.model.write_bytes(b"weights")
    machine.kubectl.services({})
    reason = 'service minio/minio is not there: Error from server (NotFound): services "minio" not found'
    assert machine.publish() == (2, "", f"error: {reason}\n")


S3_STACK = """config:
  inference-platform:cluster:
    {kind: eks, name: models, region: eu-central-1, owner: ml, costCenter: ml, zones: [eu-central-1a, eu-central-1b], admins: [admin]}
  inference-platform:modelStore: {backend: s3, bucket: models}
  inference-platform:services: {unknown: {}}
"""


def test_a_bucket_of_s3_is_reached_with_the_users_own_credentials(machine: Machine) -> None:
    (machine.folder / "Pulumi.prod.yaml").write_text(S3_STACK)
    own = {"AWS_ACCESS_KEY_ID": "AKIDUSER", "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
    machine.environment = {"HOME": str(machine.folder), "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{machine.s3.port}", **own}
    machine.model.write_bytes(LARGE)
    status, out, error = machine.publish(stack="prod", root=machine.folder)
    assert (status, error) == (0, "")
    assert out == f"published: {TO} 2.1 MB sha256 {sha256(LARGE).hexdigest()}\n"
    assert machine.s3.objects == {KEY: LARGE}
    assert machine.s3.users == {"AKIDUSER"}

    for name in own:
        del machine.environment[name]
    machine.environment["AWS_EC2_METADATA_DISABLED"] = "true"
    reason = "the model store of stack prod: Unable to locate credentials. The same command continues"
    assert machine.publish(stack="prod", root=machine.folder) == (2, "", f"error: {reason}\n")
