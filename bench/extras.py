"""Optional parts of a node: `--with NAME` of `bench build` and `bench up`.

Two cores and one disk cannot carry all of them at once, and most work needs none. The node remembers its optional parts:
a later `up` adds to them, `status` and `env` show them, and `down` forgets them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bench.errors import BenchError
from bench.image_table import IMAGES, VLLM
from bench.manifests import KARPENTER_CRDS, KWOK_STAGES, Manifest
from bench.paths import Instance
from bench.tools import OPTIONAL, TOOLS

FILE = "extras.json"
GPUS = "gpus"
MONITORING = "monitoring"
KARPENTER = "karpenter"

PROMETHEUS_URL = "http://prometheus.monitoring.svc.cluster.local:9090"
MONITOR_LABELS = {"prometheus": "bench"}
"""Labels by which the node's Prometheus selects ServiceMonitors, PodMonitors and PrometheusRules in any namespace."""


@dataclass(frozen=True)
class Extra:
    """Tools of `OPTIONAL`, the images that contain them or a download, and manifests and processes that no other node needs."""

    tools: tuple[str, ...]
    images: tuple[str, ...] = ()
    manifests: tuple[Manifest, ...] = ()
    processes: tuple[str, ...] = ()


EXTRAS: Mapping[str, Extra] = {
    "keda": Extra(("keda",), tuple(reference for reference in IMAGES if reference.startswith("ghcr.io/kedacore/"))),
    KARPENTER: Extra(("karpenter", "kwok"), manifests=(KARPENTER_CRDS, KWOK_STAGES), processes=("kwok", "karpenter")),
    MONITORING: Extra(
        ("prometheus-operator", "prometheus", "kube-state-metrics"),
        tuple(reference for reference in IMAGES if reference.startswith(("quay.io/prometheus", "registry.k8s.io/kube-state-metrics/"))),
    ),
    "vllm": Extra((), (VLLM,)),
}
"""`up` starts the images of `monitoring`; the other images only become available to pull."""


@dataclass(frozen=True)
class Wanted:
    """Optional parts of one node. `gpus` is the number of GPUs that the node claims; it has none, so GPU pods run on the CPU."""

    parts: frozenset[str] = frozenset()
    gpus: int = 0

    @property
    def tools(self) -> list[str]:
        return [*TOOLS, *(name for name in OPTIONAL if any(name in EXTRAS[part].tools for part in self.parts))]

    @property
    def images(self) -> list[str]:
        left_out = {image for name, extra in EXTRAS.items() if name not in self.parts for image in extra.images}
        return [reference for reference in IMAGES if reference not in left_out]

    @property
    def manifests(self) -> list[Manifest]:
        return [manifest for name, extra in EXTRAS.items() if name in self.parts for manifest in extra.manifests]

    @property
    def processes(self) -> list[str]:
        return [process for name, extra in EXTRAS.items() if name in self.parts for process in extra.processes]

    def with_words(self, words: Iterable[str]) -> Wanted:
        """These parts plus those that `words` name: an extra or `gpus=NUMBER`. Raises BenchError for any other word."""
        parts, gpus = set(self.parts), self.gpus
        for word in words:
            name, _, value = word.partition("=")
            if name == GPUS and value.isdecimal():
                gpus = int(value)
            elif word in EXTRAS:
                parts.add(word)
            else:
                raise BenchError(f"--with {word} is unknown; choose one of: {', '.join(EXTRAS)}, {GPUS}=NUMBER")
        return Wanted(frozenset(parts), gpus)


def read(instance: Instance) -> Wanted:
    """The optional parts recorded for the node; none if there is no node."""
    try:
        kept = json.loads((instance.state / FILE).read_text())
    except (FileNotFoundError, PermissionError):  # the folder belongs to root
        return Wanted()
    return Wanted(frozenset(kept["parts"]), kept[GPUS])


def write(instance: Instance, wanted: Wanted) -> None:
    (instance.state / FILE).write_text(json.dumps({"parts": sorted(wanted.parts), GPUS: wanted.gpus}))
