"""What a node has only where somebody asked for it: `--with NAME` of `bench build` and `bench up`.

Two cores and one disk do not carry everything at once, and most work needs none of this. What was asked for is kept with
the node: a later `up` adds to it, `status` and `env` speak of it, and `down` forgets it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bench.errors import BenchError
from bench.image_table import IMAGES, VLLM
from bench.paths import Instance
from bench.tools import OPTIONAL, TOOLS

FILE = "extras.json"
GPUS = "gpus"
MONITORING = "monitoring"

PROMETHEUS_URL = "http://prometheus.monitoring.svc.cluster.local:9090"
MONITOR_LABELS = {"prometheus": "bench"}
"""Of the ServiceMonitors, PodMonitors and PrometheusRules that the node's Prometheus heeds, in any namespace."""


@dataclass(frozen=True)
class Extra:
    """Tools of `OPTIONAL` and the images that they, or a download, end up in."""

    tools: tuple[str, ...]
    images: tuple[str, ...]


EXTRAS: Mapping[str, Extra] = {
    "keda": Extra(("keda",), tuple(reference for reference in IMAGES if reference.startswith("ghcr.io/kedacore/"))),
    MONITORING: Extra(
        ("prometheus-operator", "prometheus", "kube-state-metrics"),
        tuple(reference for reference in IMAGES if reference.startswith(("quay.io/prometheus", "registry.k8s.io/kube-state-metrics/"))),
    ),
    "vllm": Extra((), (VLLM,)),
}
"""`monitoring` also starts what it brings; the others are there to be pulled."""


@dataclass(frozen=True)
class Wanted:
    """What one node has beyond every node's. `gpus`: how many it claims to have; it has none, so whatever runs on them runs on the CPU."""

    parts: frozenset[str] = frozenset()
    gpus: int = 0

    @property
    def tools(self) -> list[str]:
        return [*TOOLS, *(name for name in OPTIONAL if any(name in EXTRAS[part].tools for part in self.parts))]

    @property
    def images(self) -> list[str]:
        left_out = {image for name, extra in EXTRAS.items() if name not in self.parts for image in extra.images}
        return [reference for reference in IMAGES if reference not in left_out]

    def with_words(self, words: Iterable[str]) -> Wanted:
        """And what `words` ask for, each the name of an extra or `gpus=NUMBER`; BenchError for any other."""
        parts, gpus = set(self.parts), self.gpus
        for word in words:
            name, _, value = word.partition("=")
            if name == GPUS and value.isdecimal():
                gpus = int(value)
            elif word in EXTRAS:
                parts.add(word)
            else:
                raise BenchError(f"--with {word} is unknown; choose of: {', '.join(EXTRAS)}, {GPUS}=NUMBER")
        return Wanted(frozenset(parts), gpus)


def read(instance: Instance) -> Wanted:
    """What the node was asked to have; nothing where there is no node."""
    try:
        kept = json.loads((instance.state / FILE).read_text())
    except (FileNotFoundError, PermissionError):  # the folder is root's
        return Wanted()
    return Wanted(frozenset(kept["parts"]), kept[GPUS])


def write(instance: Instance, wanted: Wanted) -> None:
    (instance.state / FILE).write_text(json.dumps({"parts": sorted(wanted.parts), GPUS: wanted.gpus}))
