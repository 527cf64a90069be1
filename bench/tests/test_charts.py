"""Charts of the mirror: packed the same way every time, rendered before they count, and versioned as published."""

from __future__ import annotations

import io
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from bench import charts
from bench.errors import BenchError

CHART = next(chart for chart in charts.TABLE if chart.name == "kserve-crd")


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
    monkeypatch.setattr(charts, "binary", lambda _: program)
    monkeypatch.setattr(charts, "module_folder", lambda _tool, _module: tmp_path / "module")
    assert folder.is_dir()
    return program


def packed(folder: Path, chart: charts.Chart = CHART) -> dict[str, str]:
    with tarfile.open(fileobj=io.BytesIO(charts.pack(folder, chart))) as archive:
        files = {name: archive.extractfile(name) for name in archive.getnames()}
        return {name: file.read().decode() for name, file in files.items() if file}


def test_a_package_holds_what_helm_reads_under_the_published_version(folder: Path) -> None:
    files = packed(folder)
    assert list(files) == ["kserve-crd/Chart.yaml", "kserve-crd/values.yaml", "kserve-crd/templates/one.yaml"]
    assert yaml.safe_load(files["kserve-crd/Chart.yaml"])["version"] == "v0.20.0"


def test_a_package_holds_the_charts_inside_the_chart(folder: Path) -> None:
    (folder / "charts" / "crds").mkdir(parents=True)
    (folder / "charts" / "crds" / "Chart.yaml").write_text("name: crds\nversion: 0.0.0\n")
    assert packed(folder)["kserve-crd/charts/crds/Chart.yaml"] == "name: crds\nversion: 0.0.0\n"


def test_values_that_wait_for_a_release_s_image_get_it_once(folder: Path) -> None:
    (folder / "values.tmpl.yaml").write_text("image: ${Image}\n")
    files = packed(folder, replace(CHART, variables={"Image": "registry.example/a:1"}))
    assert files["kserve-crd/values.yaml"] == "image: registry.example/a:1\n"
    assert "kserve-crd/values.tmpl.yaml" not in files


def test_the_same_chart_gives_the_same_bytes(folder: Path) -> None:
    first = charts.pack(folder, CHART)
    for path in folder.rglob("*"):
        path.touch()
    assert charts.pack(folder, CHART) == first


def test_a_chart_that_does_not_render_is_an_error(helm: Path, tmp_path: Path) -> None:
    CHART.make(tmp_path / "chart.tgz")
    helm.write_text("#!/bin/sh\necho 'values are wrong' >&2\nexit 1\n")
    with pytest.raises(BenchError, match=r"kserve-crd v0\.20\.0 does not render.*values are wrong"):
        CHART.make(tmp_path / "chart.tgz")
