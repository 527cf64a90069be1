"""The mirror's charts, packed from the Go modules of the projects that they install.

The version in the file name is the version in the chart's published registry, including a leading `v`. A chart counts as
present only after `helm template` has rendered it with its default values, and with those that have no default.
"""

from __future__ import annotations

import gzip
import io
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

import yaml

from bench.build import module_folder
from bench.errors import BenchError
from bench.go_program import toolchain
from bench.mirror import Artifact, source_digest
from bench.tools import SOURCES, TOOLS, Tool, binary

KUBERNETES = "1.36.3"
"""Kubernetes version for which charts are rendered; a helm built from its module assumes 1.20 by default."""

VALUES_TEMPLATE = "values.tmpl.yaml"
"""File with the default values of Envoy Gateway's charts before a release writes its image into them."""

CHART_FILES = ("Chart.yaml", "values.yaml", VALUES_TEMPLATE, "values.schema.json", "templates", "files", "crds", "charts")
"""Files of a chart folder that `helm` reads; the others are upstream's documentation and tests."""


@dataclass(frozen=True)
class Chart(Artifact):
    """A chart's folder inside a Go module that one of the bench's tools pins."""

    tool: Tool
    module: str
    folder: str
    variables: Mapping[str, str] = field(default_factory=dict)
    """Values that upstream's release writes into the template of the chart's values."""
    wanted: Mapping[str, str] = field(default_factory=dict)
    """Values that have no default, for the check."""

    kind = "chart"
    folder_name = "charts"
    ending = "tgz"

    def key(self) -> str:
        return f"{self.version} {self.folder} {dict(self.variables)} {self.tool.digest(toolchain())} {source_digest(Path(__file__))}"

    def make(self, path: Path) -> None:
        path.write_bytes(pack(module_folder(self.tool, self.module) / self.folder, self))
        command = [str(binary("helm")), "template", self.name, str(path), "--kube-version", KUBERNETES]
        command += [f"--set={name}={value}" for name, value in self.wanted.items()]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        if answer.returncode:
            raise BenchError(f"chart {self.name} {self.version} does not render; see its module {self.module}: {answer.stderr.strip()}")


def _kserve(name: str) -> Chart:
    return Chart(name, "v0.20.0", TOOLS["kserve"], "github.com/kserve/kserve", f"charts/{name}")


def _karpenter(name: str, **wanted: str) -> Chart:
    """The module of a release carries the values of an earlier one, image and digest; whoever installs it names both."""
    return Chart(name, "1.14.1", SOURCES, "github.com/aws/karpenter-provider-aws", f"charts/{name}", wanted=wanted)


TABLE = (
    Chart("cert-manager", "v1.21.2", TOOLS["cert-manager"], "github.com/cert-manager/cert-manager", "deploy/charts/cert-manager"),
    _karpenter("karpenter-crd"),
    _karpenter("karpenter", **{"settings.clusterName": "bench"}),
    _kserve("kserve-crd"),
    _kserve("kserve-resources"),
    Chart(
        "gateway-helm",
        "v1.9.1",
        SOURCES,
        "github.com/envoyproxy/gateway",
        "charts/gateway-helm",
        {"GatewayImage": "docker.io/envoyproxy/gateway:v1.9.1", "GatewayImagePullPolicy": "IfNotPresent"},
    ),
)


def pack(folder: Path, chart: Chart) -> bytes:
    """Pack the chart in `folder` as a .tgz of the published version; the same folder always gives the same bytes."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, data in _files(folder, chart):
            entry = tarfile.TarInfo(f"{chart.name}/{name}")
            entry.size, entry.mode = len(data), 0o644
            archive.addfile(entry, io.BytesIO(data))
    return gzip.compress(plain.getvalue(), mtime=0)


def _files(folder: Path, chart: Chart) -> Iterator[tuple[str, bytes]]:
    for path in _paths(folder):
        name = path.relative_to(folder).as_posix()
        if name == "Chart.yaml":
            yield name, _chart_yaml(path, chart.version)
        elif name == VALUES_TEMPLATE:
            yield "values.yaml", Template(path.read_text()).substitute(chart.variables).encode()
        elif name != "values.yaml" or not (folder / VALUES_TEMPLATE).exists():
            yield name, path.read_bytes()


def _paths(folder: Path) -> Iterator[Path]:
    for name in CHART_FILES:
        entry = folder / name
        yield from sorted(path for path in ([entry] if entry.is_file() else entry.rglob("*")) if path.is_file())


def _chart_yaml(path: Path, version: str) -> bytes:
    """Chart.yaml with the release's version; some modules carry a placeholder that upstream replaces when it publishes."""
    metadata = yaml.safe_load(path.read_text()) | {"version": version, "appVersion": version}
    return yaml.safe_dump(metadata, sort_keys=False).encode()
