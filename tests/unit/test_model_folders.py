"""Conventions of a model's folder: packages and images."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from scripts import model_folders

DOCKERFILE = """\
ARG BASE=python:3.12-slim
FROM ${BASE} AS training
FROM --platform=linux/amd64 ${BASE} as Weights
COPY --from=training /weights /weights
# FROM scratch AS serving
"""


def test_the_stages_of_a_dockerfile_are_the_images_that_a_model_has(tmp_path: Path) -> None:
    folder = model_folders.folder("iris", tmp_path)
    assert model_folders.images("iris", tmp_path) == {}
    folder.mkdir(parents=True)
    assert model_folders.images("iris", tmp_path) == {}
    (folder / "Dockerfile").write_text(DOCKERFILE)
    assert model_folders.images("iris", tmp_path) == {"weights": "weights"}
    (folder / "Dockerfile").write_text(f"{DOCKERFILE}FROM training AS serving\n")
    assert model_folders.images("iris", tmp_path) == {"server": "serving", "weights": "weights"}
    assert model_folders.image_name("iris", "server") == "iris-serving"


def test_the_models_of_this_repository_have_theirs() -> None:
    assert {folder.name: set(model_folders.images(folder.name)) for folder in model_folders.folders()} == {
        "mnist-classifier": {"server", "weights"},
        "smollm-text-generation": {"weights"},
    }


def test_the_packages_of_a_model_can_be_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    folder = tmp_path / "models" / "iris"
    folder.mkdir(parents=True)
    model_folders.add_to_path(["iris", "without-a-folder", "iris"], tmp_path)
    assert sys.path == [str(folder)]


def test_a_workflow_gets_every_image_or_those_of_one_model(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def listed(wanted: str) -> list[dict[str, str]]:
        monkeypatch.setenv("MODEL_NAME", wanted)
        assert model_folders.main() == 0
        found: list[dict[str, str]] = json.loads(capsys.readouterr().out.removeprefix("images="))
        return found

    assert len(listed("")) == 3
    assert listed("smollm-text-generation") == [
        {"model": "smollm-text-generation", "image": "weights", "stage": "weights", "name": "smollm-text-generation-weights"}
    ]
    monkeypatch.setenv("MODEL_NAME", "nothing")
    assert model_folders.main() == 1
    assert "no models/nothing/Dockerfile with a stage serving or weights" in capsys.readouterr().err
