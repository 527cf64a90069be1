"""Charts of the mirror: packed the same way every time, rendered before they count, and versioned as published."""

from __future__ import annotations

import io
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from bench import mirror
from bench.errors import BenchError

CHART = mirror.TABLE[1]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A module with one chart in it."""
    chart = tmp_path / "module" / CHART.folder
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: kserve-crd\nversion: v0.0.0\n")
    (chart / "values.yaml").write_text("a: 1\n")
    (chart / "templates" / "one.yaml").write_text("kind: ConfigMap\n")
    (chart / "README.md").write_text("for people\n")
    return chart


@pytest.fixture
def helm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, folder: Path) -> Path:
    """A helm that renders everything; a test may write another in its place."""
    program = tmp_path / "helm"
    program.write_text("#!/bin/sh\nexit 0\n")
    program.chmod(0o755)
    monkeypatch.setattr(mirror, "CHARTS", tmp_path / "mirror" / "charts")
    monkeypatch.setattr(mirror, "KEYS", tmp_path / "mirror" / "keys")
    monkeypatch.setattr(mirror, "LOCK", tmp_path / "lock")
    monkeypatch.setattr(mirror, "binary", lambda _: program)
    monkeypatch.setattr(mirror, "module_folder", lambda _tool, _module: tmp_path / "module")
    assert folder.is_dir()
    return program


def test_a_package_holds_what_helm_reads_under_the_published_version(folder: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(mirror.pack(folder, "kserve-crd", "v0.20.0"))) as archive:
        assert archive.getnames() == ["kserve-crd/Chart.yaml", "kserve-crd/values.yaml", "kserve-crd/templates/one.yaml"]
        metadata = archive.extractfile("kserve-crd/Chart.yaml")
        assert metadata is not None
        assert yaml.safe_load(metadata)["version"] == "v0.20.0"


def test_the_same_chart_gives_the_same_bytes(folder: Path) -> None:
    first = mirror.pack(folder, "kserve-crd", "v0.20.0")
    for path in folder.rglob("*"):
        path.touch()
    assert mirror.pack(folder, "kserve-crd", "v0.20.0") == first


def test_a_second_run_packs_nothing(helm: Path) -> None:
    mirror.ensure([CHART])
    written = CHART.package.stat().st_mtime_ns
    helm.write_text("#!/bin/sh\nexit 1\n")
    mirror.ensure([CHART])
    assert CHART.package.stat().st_mtime_ns == written


@pytest.mark.usefixtures("helm")
def test_another_version_is_packed_beside_it() -> None:
    newer = replace(CHART, version="v0.21.0")
    mirror.ensure([CHART])
    mirror.ensure([newer])
    assert sorted(path.name for path in mirror.CHARTS.iterdir()) == ["kserve-crd-v0.20.0.tgz", "kserve-crd-v0.21.0.tgz"]


def test_a_chart_that_does_not_render_is_an_error_and_leaves_nothing(helm: Path) -> None:
    helm.write_text("#!/bin/sh\necho 'values are wrong' >&2\nexit 1\n")
    with pytest.raises(BenchError, match=r"kserve-crd v0\.20\.0 does not render.*values are wrong"):
        mirror.ensure([CHART])
    assert not CHART.package.exists()
    assert [path.name for path in mirror.CHARTS.parent.iterdir() if path.name.startswith("tmp")] == []
