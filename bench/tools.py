"""The upstream Go tools of the bench: their modules, packages and version stamps.

`bench/go/<tool>/go.mod` pins the versions; `bench/build.py` makes the binaries.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.errors import BenchError
from bench.go_program import MODULES, toolchain
from bench.paths import CACHE

BIN = CACHE / "bin"

BUILD_COMMAND = "python -m bench build"

BASE_FLAGS = ("-trimpath", "-gcflags=all=-dwarf=false")
"""The linker drops debug information anyway (-w): the compiler need not make it, which is a sixth of its time."""
BASE_LDFLAGS = ("-s", "-w")


SECONDS: Mapping[str, int] = {
    "keda": 662,
    "pulumi-resource-kubernetes": 465,
    "kubernetes": 258,
    "karpenter": 200,
    "pulumi": 168,
    "kserve": 146,
    "minio": 105,
    "prometheus": 73,
    "knative": 58,
    "envoy-gateway": 55,
    "registry": 52,
    "helm": 47,
    "cert-manager": 46,
}
"""Tool → seconds of its build from empty caches in the order of the table, on two cores, with images beside it (docs/measurements.md of the
repository); that of Karpenter is an estimate. The first one, registry, compiles Go's own packages too."""
SECONDS_OF_OTHERS = 5


@dataclass(frozen=True)
class Tool:
    """One Go module under `bench/go/<name>` and its products."""

    name: str
    binaries: Mapping[str, str]
    """Binary → Go package; the binary's name is free to choose."""
    stamps: Mapping[str, str] = field(default_factory=dict)
    """Go variable → value, set at link time as in upstream's build."""
    scripts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Script → (module, path in it): executables that upstream ships as files, copied unchanged."""
    embedded: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """File that this folder's program embeds → (module, path in it), present only while Go builds."""
    tags: Sequence[str] = ()
    """Go's build tags."""
    root: Path = MODULES

    @property
    def folder(self) -> Path:
        return self.root / self.name

    @property
    def seconds(self) -> int:
        """Seconds that its build may take, for whoever waits."""
        return SECONDS.get(self.name, SECONDS_OF_OTHERS)

    @property
    def products(self) -> tuple[str, ...]:
        return (*self.binaries, *self.scripts)

    @property
    def flags(self) -> tuple[str, ...]:
        return (*BASE_FLAGS, f"-tags={','.join(self.tags)}") if self.tags else BASE_FLAGS

    @property
    def ldflags(self) -> str:
        """Linker flags. Their exact text is part of Go's cache key: a change of order links again."""
        return " ".join([*BASE_LDFLAGS, *(f"-X {name}={value}" for name, value in self.stamps.items())])

    def digest(self, toolchain: str) -> str:
        """A digest that changes whenever the binaries can change: sources, pins, flags or the Go toolchain."""
        content = hashlib.sha256()
        products = (repr(sorted(self.binaries.items())), repr(sorted(self.scripts.items())), *map(repr, sorted(self.embedded.items())))
        for part in (toolchain, *self.flags, self.ldflags, *products):
            content.update(part.encode() + b"\0")
        for path in sorted(path for path in self.folder.rglob("*") if path.is_file()):
            content.update(str(path.relative_to(self.folder)).encode() + b"\0")
            content.update(hashlib.sha256(path.read_bytes()).digest())
        return content.hexdigest()[:16]

    def output(self, toolchain: str) -> Path:
        """Folder for this tool's finished products."""
        return BIN / self.name / self.digest(toolchain)


_PROMETHEUS_VERSION = "github.com/prometheus/common/version.Version"
_PULUMI_VERSION = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
_PROVIDER = "github.com/pulumi/pulumi-kubernetes/provider/v4"
_KNATIVE = ("controller", "webhook", "autoscaler", "activator", "queue")
_KUBERNETES = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy", "kubelet", "kubectl")

TOOLS: Mapping[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool(
            "pulumi",
            {"pulumi": "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"},
            stamps={_PULUMI_VERSION: "v3.170.0"},
            # The language host is older than the engine. This script must be the engine's, because it talks to the SDK.
            scripts={"pulumi-language-python-exec": ("github.com/pulumi/pulumi/sdk/v3", "python/cmd/pulumi-language-python-exec")},
        ),
        Tool(
            "pulumi-language-python",
            {"pulumi-language-python": "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python"},
            stamps={_PULUMI_VERSION: "v3.78.0"},
            # Engine 3.170 starts a policy pack with this script; later engines ask the language host instead.
            scripts={"pulumi-analyzer-policy-python": ("github.com/pulumi/pulumi/sdk/v3", "python/dist/pulumi-analyzer-policy-python")},
        ),
        Tool(
            "pulumi-resource-kubernetes",
            {"pulumi-resource-kubernetes": "."},
            stamps={f"{_PROVIDER}/pkg/version.Version": "4.25.0"},
            embedded={name: (_PROVIDER, f"cmd/pulumi-resource-kubernetes/{name}") for name in ("schema.json", "terraform-mapping.json")},
        ),
        Tool(
            "helm",
            {"helm": "helm.sh/helm/v3/cmd/helm"},
            # Without the last two stamps, `helm template` assumes Kubernetes 1.20, which today's charts refuse.
            stamps={
                "helm.sh/helm/v3/internal/version.version": "v3.20.2",
                "helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor": "1",
                "helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor": "36",
            },
        ),
        Tool("etcd", {"etcd": "go.etcd.io/etcd/server/v3"}),
        Tool(
            "kubernetes",
            {name: f"k8s.io/kubernetes/cmd/{name}" for name in _KUBERNETES},
            stamps={"k8s.io/component-base/version.gitVersion": "v1.36.3"},
        ),
        Tool("pause", {"pause": "."}),
        Tool("coredns", {"coredns": "."}),
        Tool("registry", {"registry": "."}, stamps={"github.com/distribution/distribution/v3/version.version": "v3.1.2"}),
        Tool("local-path-provisioner", {"local-path-provisioner": "github.com/rancher/local-path-provisioner"}),
        Tool("metrics-server", {"metrics-server": "sigs.k8s.io/metrics-server/cmd/metrics-server"}),
        Tool("kube-rbac-proxy", {"kube-rbac-proxy": "github.com/brancz/kube-rbac-proxy/cmd/kube-rbac-proxy"}),
        Tool("minio", {"minio": "github.com/minio/minio"}),
        Tool("mc", {"mc": "github.com/minio/mc"}),
        Tool(
            "cert-manager",
            {f"cert-manager-{name}": f"./{name}" for name in ("controller", "webhook", "cainjector")},
            stamps={"github.com/cert-manager/cert-manager/pkg/util.AppVersion": "v1.21.2"},
        ),
        Tool("kserve", {"kserve-manager": "github.com/kserve/kserve/cmd/manager"}),
        Tool("knative", {f"knative-{name}": f"knative.dev/serving/cmd/{name}" for name in _KNATIVE}),
        Tool("kourier", {"kourier": "knative.dev/net-kourier/cmd/kourier"}),
        Tool(
            "envoy-gateway",
            {"envoy-gateway": "github.com/envoyproxy/gateway/cmd/envoy-gateway"},
            stamps={"github.com/envoyproxy/gateway/internal/cmd/version.envoyGatewayVersion": "v1.9.1"},
        ),
    )
}

OPTIONAL: Mapping[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool(
            "keda",
            {
                "keda": "github.com/kedacore/keda/v2/cmd/operator",
                "keda-adapter": "github.com/kedacore/keda/v2/cmd/adapter",
                "keda-admission-webhooks": "github.com/kedacore/keda/v2/cmd/webhooks",
            },
            stamps={"github.com/kedacore/keda/v2/version.Version": "2.21.0"},
        ),
        Tool(
            "prometheus-operator",
            {
                "prometheus-operator": "github.com/prometheus-operator/prometheus-operator/cmd/operator",
                "prometheus-config-reloader": "github.com/prometheus-operator/prometheus-operator/cmd/prometheus-config-reloader",
            },
            stamps={_PROMETHEUS_VERSION: "0.93.1"},
        ),
        Tool(
            "prometheus",
            {name: f"github.com/prometheus/prometheus/cmd/{name}" for name in ("prometheus", "promtool")},
            stamps={_PROMETHEUS_VERSION: "3.14.0"},
            # Upstream's flags that leave out the clients of two dozen clouds (prometheus:README.md@v0.314.0).
            tags=("remove_all_sd", "enable_kubernetes_sd"),
        ),
        Tool(
            "karpenter",
            {"karpenter": "sigs.k8s.io/karpenter/kwok"},
            stamps={"sigs.k8s.io/karpenter/pkg/operator.Version": "1.14.0"},
        ),
        Tool("kwok", {"kwok": "sigs.k8s.io/kwok/cmd/kwok"}),
        Tool(
            "kube-state-metrics",
            {"kube-state-metrics": "k8s.io/kube-state-metrics/v2"},
            stamps={_PROMETHEUS_VERSION: "v2.20.0"},
        ),
    )
}
"""Tools that only some nodes need; `bench/extras.py` maps the optional parts to them."""

LINTERS: Mapping[str, Tool] = {"actionlint": Tool("actionlint", {"actionlint": "github.com/rhysd/actionlint/cmd/actionlint"})}
"""Tools that only this repository's tests run; `bench up` does not build them, because no node needs them."""

KNOWN: Mapping[str, Tool] = {**TOOLS, **OPTIONAL, **LINTERS}

SOURCES = Tool("sources", {})
"""Builds nothing: it pins modules from which the mirror copies files unchanged."""


def maker(product: str) -> Tool:
    """The tool that builds the binary or script `product`. Raises BenchError if no tool does."""
    for tool in KNOWN.values():
        if product in tool.products:
            return tool
    raise BenchError(f"no tool builds {product!r}; known: {', '.join(sorted(p for tool in KNOWN.values() for p in tool.products))}")


def binary(name: str) -> Path:
    """Path of the built binary or script `name`. Raises BenchError if no tool builds it or it is not built yet."""
    path = maker(name).output(toolchain()) / name
    if not path.is_file():
        raise BenchError(f"{name} is not built yet; run: {BUILD_COMMAND}")
    return path
