"""The mirror's release manifests: the objects that upstream publishes with a release, assembled from Go modules.

They are made as upstream's release scripts make them, with two differences: images have tags instead of digests, because
the modules do not contain the digests, and the files of one module are in the order of their paths.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.build import module_folder
from bench.errors import BenchError
from bench.go_program import toolchain
from bench.mirror import Artifact, source_digest
from bench.tools import SOURCES, binary


@dataclass(frozen=True)
class Files:
    """Files of a module that match a glob; a matching folder is built with kustomize."""

    module: str
    glob: str


@dataclass(frozen=True)
class Manifest(Artifact):
    parts: Sequence[Files]
    edits: Sequence[tuple[str, str]] = ()
    """Edits that upstream makes to the text for a release: pattern → replacement, in which `VERSION` is the version."""

    kind = "manifest"
    folder_name = "manifests"
    ending = "yaml"

    def key(self) -> str:
        return f"{self!r} {SOURCES.digest(toolchain())} {source_digest(Path(__file__))}"

    def make(self, path: Path) -> None:
        text = "---\n".join(text if text.endswith("\n") else f"{text}\n" for text in self._texts())
        for pattern, replacement in self.edits:
            text, count = re.subn(pattern, replacement.replace("VERSION", self.version), text)
            if not count:
                raise BenchError(f"{self.name} {self.version}: no text matches {pattern!r}; compare with upstream's release script")
        path.write_text(text)

    def _texts(self) -> Iterator[str]:
        for part in self.parts:
            found = sorted(module_folder(SOURCES, part.module).glob(part.glob))
            if not found:
                raise BenchError(f"{self.name} {self.version}: {part.module} has no {part.glob}")
            for path in found:
                yield _kustomized(path) if path.is_dir() else path.read_text()


def _kustomized(folder: Path) -> str:
    # kustomize would take the absolute path of a folder in Go's module cache for an address on github.com.
    answer = subprocess.run([str(binary("kubectl")), "kustomize", "."], cwd=folder, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise BenchError(f"kustomize cannot build {folder}: {answer.stderr.strip()}")
    return answer.stdout


PROMETHEUS_CRDS = Manifest(
    "prometheus-operator-crds",
    "0.93.1",
    [Files("github.com/prometheus-operator/prometheus-operator", "example/prometheus-operator-crd/*.yaml")],
)

KARPENTER_CRDS = Manifest(
    "karpenter-kwok-crds",
    "1.14.0",
    # In the repository the second folder is part of the first, by a link; no module has links.
    [Files("sigs.k8s.io/karpenter", f"kwok/{folder}/crds/*.yaml") for folder in ("charts", "apis")],
)
KWOK_STAGES = Manifest(
    "kwok-stages",
    "0.8.0",
    # kubernetes-sigs/kwok:kustomize/stage/fast/kustomization.yaml@v0.8.0
    [Files("sigs.k8s.io/kwok", f"kustomize/stage/{stage}/*-*.yaml") for stage in ("node/fast", "node/heartbeat-with-lease", "pod/fast")],
)
"""Life of a fake node and of a pod on it: ready at once, and gone as soon as it is deleted."""

TABLE = (
    # kubernetes-sigs/gateway-api:hack/build-install-yaml.sh@v1.6.1
    Manifest("gateway-api", "1.6.1", [Files("sigs.k8s.io/gateway-api", "config/crd/standard/gateway*.yaml")]),
    # knative/serving:hack/generate-yamls.sh@knative-v1.21.1; config/core links to the CRDs and to one setting of the other two.
    Manifest(
        "serving-core",
        "1.21.1",
        [
            Files("knative.dev/serving", "config/core/**/*.yaml"),
            Files("knative.dev/networking", "config/*.yaml"),
            Files("knative.dev/caching", "config/*.yaml"),
        ],
        [
            (r"ko://(\S+)", r"gcr.io/knative-releases/\1:vVERSION"),
            (r"app\.kubernetes\.io/version: devel", 'app.kubernetes.io/version: "VERSION"'),
        ],
    ),
    # The nightly build of 2026-01-21 was made from the commit tagged knative-v1.21.0, d2e29921.
    Manifest(
        "kourier",
        "1.21.0",
        [Files("knative.dev/serving", "third_party/kourier-latest/kourier.yaml")],
        [
            (r"gcr\.io/knative-nightly/(\S+)@sha256:\w+", r"gcr.io/knative-releases/\1:vVERSION"),
            (r'"20260121-d2e29921"', '"VERSION"'),
        ],
    ),
    # kedacore/keda:Makefile@v2.21.0, target `release`
    Manifest(
        "keda",
        "2.21.0",
        [Files("github.com/kedacore/keda/v2", "config/default")],
        [
            (r"image: (ghcr\.io/kedacore/[a-z-]+):main", r"image: \1:VERSION"),
            (r"app\.kubernetes\.io/version: main", "app.kubernetes.io/version: VERSION"),
        ],
    ),
    # No cluster installs this; tests check the proxies' configuration against it. envoyproxy/gateway:tools/make/kube.mk@v1.9.1, target
    # `generate-manifests`: these templates, all enabled by one switch that is on.
    Manifest(
        "envoy-gateway-crds",
        "1.9.1",
        [Files("github.com/envoyproxy/gateway", "charts/gateway-crds-helm/templates/generated/*.yaml")],
        [(r"(?m)^\{\{-.*\}\}\n?", "")],
    ),
    PROMETHEUS_CRDS,
)
