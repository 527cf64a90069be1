"""The mirror's charts: `CHARTS/<name>-<version>.tgz`, packed from the Go modules of the projects they install.

The version in the file name is the one that the chart's published registry has, `v` included. `helm template` has
rendered every chart once with its default values before it counts as present.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from bench import progress
from bench.build import module_folder
from bench.errors import BenchError
from bench.lock import exclusive
from bench.paths import CACHE
from bench.tools import TOOLS, binary, toolchain

CHARTS = CACHE / "mirror" / "charts"
KEYS = CACHE / "mirror" / "keys"
LOCK = CACHE / "mirror.lock"

KUBERNETES = "1.36.3"
"""What the charts are rendered for: left to itself, a helm built from its module assumes 1.20."""

CHART_FILES = ("Chart.yaml", "values.yaml", "values.schema.json", "templates", "files", "crds")
"""What `helm` reads of a chart's folder; the rest is upstream's own documentation and tests."""


@dataclass(frozen=True)
class Chart:
    """A chart's folder inside the Go module that one of the bench's tools pins."""

    name: str
    version: str
    tool: str
    module: str
    folder: str

    @property
    def package(self) -> Path:
        return CHARTS / f"{self.name}-{self.version}.tgz"

    def key(self) -> str:
        """Changes whenever the package could: the pinned module, or how it is packed."""
        packing = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
        return f"{self.version} {self.folder} {TOOLS[self.tool].digest(toolchain())} {packing}"


def _kserve(name: str) -> Chart:
    return Chart(name, "v0.20.0", "kserve", "github.com/kserve/kserve", f"charts/{name}")


TABLE = (
    Chart("cert-manager", "v1.21.2", "cert-manager", "github.com/cert-manager/cert-manager", "deploy/charts/cert-manager"),
    _kserve("kserve-crd"),
    _kserve("kserve-resources"),
)


def ensure(charts: Sequence[Chart] = TABLE) -> None:
    """Pack the charts that are not in the mirror yet; BenchError says which one does not render."""
    missing = [chart for chart in charts if not _present(chart)]
    if len(missing) < len(charts):
        progress.line("cached     charts", f"{len(charts) - len(missing)} of {len(charts)}")
    if not missing:
        return
    with exclusive(LOCK, "the mirror"):
        for chart in missing:
            with progress.step(f"packing    chart {chart.name}"):
                _make(chart)


def pack(folder: Path, name: str, version: str) -> bytes:
    """The chart in `folder` as a .tgz of the given version; the same folder always gives the same bytes."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in _files(folder):
            relative = path.relative_to(folder)
            data = _chart_yaml(path, version) if str(relative) == "Chart.yaml" else path.read_bytes()
            entry = tarfile.TarInfo(f"{name}/{relative.as_posix()}")
            entry.size, entry.mode = len(data), 0o644
            archive.addfile(entry, io.BytesIO(data))
    return gzip.compress(plain.getvalue(), mtime=0)


def _files(folder: Path) -> Iterator[Path]:
    for name in CHART_FILES:
        entry = folder / name
        yield from sorted(path for path in ([entry] if entry.is_file() else entry.rglob("*")) if path.is_file())


def _chart_yaml(path: Path, version: str) -> bytes:
    """Upstream writes a release's version into the chart as it publishes it; some modules carry a placeholder."""
    metadata = yaml.safe_load(path.read_text()) | {"version": version, "appVersion": version}
    return yaml.safe_dump(metadata, sort_keys=False).encode()


def _present(chart: Chart) -> bool:
    marker = _marker(chart)
    return chart.package.is_file() and marker.is_file() and marker.read_text() == chart.key()


def _make(chart: Chart) -> None:
    folder = module_folder(TOOLS[chart.tool], chart.module) / chart.folder
    for parent in (CHARTS, KEYS):
        parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CHARTS.parent) as scratch:
        package = Path(scratch) / chart.package.name
        package.write_bytes(pack(folder, chart.name, chart.version))
        _render(chart, package)
        package.replace(chart.package)
    _marker(chart).write_text(chart.key())


def _render(chart: Chart, package: Path) -> None:
    command = [str(binary("helm")), "template", chart.name, str(package), "--kube-version", KUBERNETES]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise BenchError(f"chart {chart.name} {chart.version} does not render; see its module {chart.module}: {answer.stderr.strip()}")


def _marker(chart: Chart) -> Path:
    return KEYS / chart.package.name
