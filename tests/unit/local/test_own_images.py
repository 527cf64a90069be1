"""The models' images on a user's own cluster, against programs that record how they were called."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scripts.errors import DriverError
from scripts.local import own_images

IDENTITY = "sha256:0123456789abcdef"
RECORD = 'echo "$(basename "$0") $*" >> "$(dirname "$0")/called"\n'
KUBECTL = '#!/bin/sh\nif [ "$1" = config ]; then cat "$(dirname "$0")/context"; else cat "$(dirname "$0")/cached"; fi\n'
BUILDER = f'#!/bin/sh\n{RECORD}while [ $# -gt 0 ]; do [ "$1" = --iidfile ] && echo {IDENTITY} > "$2"; shift; done\nexit 0\n'
NAMES = ["digits", "words", "without-a-folder"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, stages in {"digits": ("serving", "weights"), "words": ("making", "weights")}.items():
        (tmp_path / "models" / name).mkdir(parents=True)
        (tmp_path / "models" / name / "Dockerfile").write_text("".join(f"FROM scratch AS {stage}\n" for stage in stages))
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in {"kubectl": KUBECTL, "docker": BUILDER, **dict.fromkeys(("kind", "k3d", "minikube"), f"#!/bin/sh\n{RECORD}")}.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    (programs / "context").write_text("kind-platform\n")
    (programs / "cached").write_text("registry.k8s.io/pause:3.10")
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setattr("scripts.model_folders.images.__defaults__", (tmp_path,))
    return programs


def called(folder: Path) -> list[list[str]]:
    record = folder / "called"
    return [line.split() for line in record.read_text().splitlines()] if record.exists() else []


def images(named: dict[str, dict[str, str]] | None = None) -> dict[str, dict[str, str]]:
    return own_images.images(NAMES, named or {}, os.environ)


def test_what_is_loaded_is_what_the_stack_runs(folder: Path) -> None:
    assert images() == {
        "digits": {"server": "kind.local/digits-serving:0123456789ab", "weights": "kind.local/digits-weights:0123456789ab"},
        "words": {"weights": "kind.local/words-weights:0123456789ab"},
    }
    build, tag, save, load = called(folder)[:4]
    assert (build[:4], build[-1]) == (["docker", "build", "--target", "serving"], "models/digits")
    assert tag == ["docker", "tag", IDENTITY, "kind.local/digits-serving:0123456789ab"]
    assert (save[:3], save[-1]) == (["docker", "save", "--output"], "kind.local/digits-serving:0123456789ab")
    assert load == ["kind", "load", "image-archive", "--name", "platform", save[3]]
    assert len(called(folder)) == 3 * 4


@pytest.mark.parametrize(("context", "load"), [("k3d-corp", "k3d image import --cluster corp"), ("minikube", "minikube image load")])
def test_the_tool_that_made_the_cluster_loads(folder: Path, context: str, load: str) -> None:
    (folder / "context").write_text(context)
    images()
    assert " ".join(called(folder)[3][:-1]) == load


def test_an_image_that_the_nodes_have_is_not_loaded_again(folder: Path) -> None:
    (folder / "cached").write_text("kind.local/digits-serving:0123456789ab")
    assert images()["digits"]["server"] == "kind.local/digits-serving:0123456789ab"
    assert [words[1] for words in called(folder)] == ["build", "build", "tag", "save", "load", "build", "tag", "save", "load"]


def test_an_image_that_the_stack_file_names_is_not_built(folder: Path) -> None:
    assert images({"digits": {"server": "corp.example/digits:1", "weights": "corp.example/weights:1"}}).keys() == {"words"}
    assert {words[-1] for words in called(folder) if words[1] == "build"} == {"models/words"}


def test_on_a_cluster_that_no_known_tool_made_nothing_is_built(folder: Path) -> None:
    (folder / "context").write_text("arn:aws:eks:eu-central-1:111122223333:cluster/corp")
    assert images() == {}
    assert called(folder) == []


def test_a_failed_build_stops_with_its_status(folder: Path) -> None:
    (folder / "docker").write_text("#!/bin/sh\nexit 3\n")
    with pytest.raises(DriverError, match=r"docker build .* ended with exit status 3"):
        images()


def test_without_a_program_that_builds_images_the_three_are_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "docker").unlink()
    monkeypatch.setattr("scripts.local.own_images.BUILDERS", ("docker", "no-podman", "no-buildah"))
    with pytest.raises(DriverError, match=r"docker, no-podman or no-buildah, and none is on PATH"):
        images()
