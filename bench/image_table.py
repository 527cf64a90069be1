"""The bench's images, under their upstream names where upstream has one.

`bench/containerfiles/<folder>/Containerfile` builds each image; the build context also contains the parts named here.
An image's tag is upstream's tag and the version of its content, or the version of Debian's package.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from bench import build, tools
from bench.base_image import DebianFile, DebianRoot
from bench.go_program import toolchain

CONTAINERFILES = Path(__file__).parent / "containerfiles"


class Part(Protocol):
    """A file that goes into an image."""

    def key(self) -> str:
        """A key that changes whenever the file can change. It does not make the file."""

    def write(self, target: Path) -> None:
        """Make the file."""


@dataclass(frozen=True)
class Binary:
    """A program of `bench/tools.py`, which must already be built."""

    name: str

    def key(self) -> str:
        path = tools.binary(self.name)
        return f"{path.parent.name}/{path.name}"

    def write(self, target: Path) -> None:
        shutil.copy(tools.binary(self.name), target)


@dataclass(frozen=True)
class ModuleFile:
    """A file of an upstream Go module, in the version that the tool pins."""

    tool: str
    module: str
    path: str

    def key(self) -> str:
        return f"{tools.TOOLS[self.tool].digest(toolchain())}/{self.path}"

    def write(self, target: Path) -> None:
        shutil.copyfile(build.module_folder(tools.TOOLS[self.tool], self.module) / self.path, target)
        target.chmod(0o755)


@dataclass(frozen=True)
class Beside:
    """A file that lies beside the Containerfile."""

    folder: str
    name: str

    def key(self) -> str:
        return hashlib.sha256((CONTAINERFILES / self.folder / self.name).read_bytes()).hexdigest()

    def write(self, target: Path) -> None:
        shutil.copyfile(CONTAINERFILES / self.folder / self.name, target)


@dataclass(frozen=True)
class Image:
    """One image of the bench."""

    reference: str
    """Host, repository and tag, as a manifest or chart names it."""
    folder: str
    """Folder of its Containerfile under `CONTAINERFILES`."""
    parts: Mapping[str, Part] = field(default_factory=dict)
    """File name beside the Containerfile → the part behind it."""
    bases: Sequence[str] = ()
    """References of the images on which its Containerfile builds; they stand earlier in `IMAGES`."""
    network: bool = False
    """True if its RUN steps download something."""

    @property
    def tools(self) -> set[str]:
        """The tools of `bench/tools.py` whose programs go into it."""
        return {tools.maker(part.name).name for part in self.parts.values() if isinstance(part, Binary)}

    @property
    def containerfile(self) -> Path:
        return CONTAINERFILES / self.folder / "Containerfile"


PYTHON = "bench.local/python:3.11-bookworm"
PYTORCH = "bench.local/pytorch:1.13.1-bookworm"
BUSYBOX = "bench.local/busybox:1.35.0"
MINIO = "bench.local/minio:7aac2a2c5b7c"
VLLM = "bench.local/vllm-cpu:0.32.0"

_PYTHON_PACKAGES = ("ca-certificates", "python-is-python3", "python3", "python3-pip", "python3-venv")
_INITIALIZER = "initializer-entrypoint"


def _static(reference: str, folder: str, program: str, name: str | None = None) -> Image:
    """An image with one program. `name` is the program's name in the image if it differs from the bench's."""
    return Image(reference, folder, parts={name or program: Binary(program)})


IMAGES: Mapping[str, Image] = {
    image.reference: image
    for image in (
        _static("registry.k8s.io/pause:3.10", "pause", "pause"),
        _static("registry.k8s.io/coredns/coredns:v1.14.7", "coredns", "coredns"),
        _static("registry.k8s.io/metrics-server/metrics-server:v0.9.0", "metrics-server", "metrics-server"),
        _static("docker.io/rancher/local-path-provisioner:v0.0.30", "local-path-provisioner", "local-path-provisioner"),
        *(
            _static(f"quay.io/jetstack/cert-manager-{name}:v1.21.2", f"cert-manager-{name}", f"cert-manager-{name}", name)
            for name in ("controller", "webhook", "cainjector")
        ),
        _static("docker.io/kserve/kserve-controller:v0.20.0", "kserve-controller", "kserve-manager", "manager"),
        _static("quay.io/brancz/kube-rbac-proxy:v0.22.1", "kube-rbac-proxy", "kube-rbac-proxy"),
        *(
            _static(f"gcr.io/knative-releases/knative.dev/serving/cmd/{name}:v1.21.1", f"knative-{name}", f"knative-{name}", name)
            for name in ("controller", "webhook", "autoscaler", "activator", "queue")
        ),
        _static("gcr.io/knative-releases/knative.dev/net-kourier/cmd/kourier:v1.21.0", "kourier", "kourier"),
        _static("ghcr.io/kedacore/keda:2.21.0", "keda-operator", "keda"),
        _static("ghcr.io/kedacore/keda-metrics-apiserver:2.21.0", "keda-adapter", "keda-adapter"),
        _static("ghcr.io/kedacore/keda-admission-webhooks:2.21.0", "keda-admission-webhooks", "keda-admission-webhooks"),
        _static("quay.io/prometheus-operator/prometheus-operator:v0.93.1", "prometheus-operator", "prometheus-operator", "operator"),
        _static(
            "quay.io/prometheus-operator/prometheus-config-reloader:v0.93.1", "prometheus-config-reloader", "prometheus-config-reloader"
        ),
        Image(
            "quay.io/prometheus/prometheus:v3.14.0-distroless",
            "prometheus",
            parts={name: Binary(name) for name in ("prometheus", "promtool")},
        ),
        _static("registry.k8s.io/kube-state-metrics/kube-state-metrics:v2.20.0", "kube-state-metrics", "kube-state-metrics"),
        Image(BUSYBOX, "busybox", parts={"busybox": DebianFile("busybox-static", "/bin/busybox")}),
        Image(PYTHON, "python", parts={"root.tar": DebianRoot(_PYTHON_PACKAGES)}),
        Image(PYTORCH, "pytorch", bases=(PYTHON,), network=True),
        Image(
            VLLM,
            "vllm",
            parts={name: Beside("vllm", name) for name in ("requirements.txt", "without_cuda.py")},
            bases=(PYTHON,),
            network=True,
        ),
        Image(MINIO, "minio", parts={"minio": Binary("minio"), "mc": Binary("mc")}, bases=(PYTHON, BUSYBOX)),
        Image("docker.io/envoyproxy/gateway:v1.9.1", "envoy-gateway", parts={"envoy-gateway": Binary("envoy-gateway")}, bases=(BUSYBOX,)),
        Image("docker.io/envoyproxy/envoy:distroless-v1.39.1", "envoy", bases=(PYTHON, BUSYBOX), network=True),
        Image(
            "docker.io/kserve/storage-initializer:v0.20.0",
            "storage-initializer",
            parts={_INITIALIZER: ModuleFile("kserve", "github.com/kserve/kserve", f"python/storage-initializer/scripts/{_INITIALIZER}")},
            bases=(PYTHON,),
            network=True,
        ),
    )
}
