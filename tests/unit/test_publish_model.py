"""The publish program of a MinIO store, run by a shell against an `mc` that keeps its objects in a folder."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from components.job import PROGRAMS

MC = """#!/bin/sh
object() { echo "$STORE/${1#store/}"; }
case "$1" in
    stat) [ -e "$(object "$3")" ] ;;
    cat) cat "$(object "$2")" ;;
    cp) mkdir -p "$(dirname "$(object "$4")")" && cat "$3" > "$(object "$4")" ;;
esac
"""


class Store:
    def __init__(self, folder: Path) -> None:
        self.objects, self.upload, self._bin = folder / "store", folder / "upload", folder / "bin"
        for made in (self.objects, self.upload, self._bin):
            made.mkdir()
        (self._bin / "mc").write_text(MC)
        (self._bin / "mc").chmod(0o755)

    def give(self, **files: str) -> None:
        for name, content in files.items():
            path = self.upload / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)

    def publish(self) -> subprocess.CompletedProcess[str]:
        variables = {"UPLOAD": self.upload, "BUCKET": "models", "STORE": self.objects, "ENDPOINT": "minio:9000"}
        keys = {"ACCESS_KEY": "publisher", "SECRET_KEY": "not-so-secret"}
        path = f"{self._bin}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            [shutil.which("sh") or "sh", str(PROGRAMS / "publish_model.sh")],
            env={**{name: str(value) for name, value in variables.items()}, **keys, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def content(self) -> dict[str, str]:
        return {str(path.relative_to(self.objects)): path.read_text() for path in self.objects.rglob("*") if path.is_file()}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def test_every_file_gets_its_path_as_key(store: Store) -> None:
    store.give(mnist__model="weights", smollm__135m__config="{}", smollm__135m__model="numbers")
    done = store.publish()
    assert done.returncode == 0, done.stderr
    assert store.content == {"models/mnist/model": "weights", "models/smollm/135m/config": "{}", "models/smollm/135m/model": "numbers"}
    assert len([line for line in done.stdout.splitlines() if line.startswith("published: s3://models/")]) == 3


def test_the_same_bytes_again_change_nothing_and_other_bytes_are_refused(store: Store) -> None:
    store.give(mnist__model="weights")
    store.publish()
    assert store.publish().stdout.startswith("already published: s3://models/mnist/model sha256 ")
    store.give(mnist__model="others")
    refused = store.publish()
    assert refused.returncode == 1
    assert store.content == {"models/mnist/model": "weights"}
    assert "Give the new one a file name of its own and write its address as source of the model's entry." in refused.stderr


def test_an_image_without_weights_is_a_failure(store: Store) -> None:
    (store.upload / "empty").mkdir()
    done = store.publish()
    assert (done.returncode, done.stderr) == (1, "the weights image holds no file in /weights\n")
