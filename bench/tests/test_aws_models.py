"""Which files of botocore's wheel are kept, and that a build does the work once."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest

from bench import aws_models
from bench.errors import BenchError
from bench.plugins.aws.table import SERVICES


def wheel(folder: Path, services: tuple[str, ...]) -> Path:
    path = folder / "botocore-0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for service in services:
            archive.writestr(f"botocore/data/{service}/2016-11-15/service-2.json.gz", f"{service} new")
            archive.writestr(f"botocore/data/{service}/2014-09-01/service-2.json.gz", f"{service} old")
            archive.writestr(f"botocore/data/{service}/2016-11-15/paginators-1.json", "{}")
    return path


@pytest.fixture
def downloads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """A cache of its own, and every download it took."""
    done: list[Path] = []

    def download(folder: Path) -> Path:
        done.append(folder)
        return wheel(folder, SERVICES)

    monkeypatch.setattr(aws_models, "MODELS", tmp_path / "models")
    monkeypatch.setattr(aws_models, "LOCK", tmp_path / "lock")
    monkeypatch.setattr(aws_models, "_download", download)
    return done


def test_the_newest_model_of_every_service_is_kept_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "models"
    target.mkdir()
    aws_models.extract(wheel(tmp_path, SERVICES), target)
    assert {path.name: path.read_text() for path in target.iterdir()} == {f"{name}.json.gz": f"{name} new" for name in SERVICES}


def test_a_wheel_without_a_service_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=f"has no model of {SERVICES[-1]}"):
        aws_models.extract(wheel(tmp_path, SERVICES[:-1]), tmp_path)


def test_a_build_fetches_once_and_leaves_nothing_else(downloads: list[Path]) -> None:
    assert aws_models.installed() is None
    aws_models.ensure()
    aws_models.ensure()
    assert len(downloads) == 1
    assert list(aws_models.MODELS.iterdir()) == [aws_models.installed()]


def test_another_pin_is_fetched_anew(downloads: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    aws_models.ensure()
    pin = tmp_path / "requirements.txt"
    pin.write_text("# why\nbotocore==0.0.1\n")
    monkeypatch.setattr(aws_models, "PIN", pin)
    assert aws_models.installed() is None
    aws_models.ensure()
    assert len(downloads) == 2


def test_the_pin_is_exact() -> None:
    assert re.fullmatch(r"botocore==\d+\.\d+\.\d+", aws_models.requirement())
