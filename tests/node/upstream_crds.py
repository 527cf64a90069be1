"""The CRDs of the pinned upstream versions, by API group and kind, out of the bench's mirror."""

from __future__ import annotations

import functools
import re
import subprocess
from collections.abc import Mapping
from typing import Any

import yaml

from bench import charts, manifests
from bench.charts import KUBERNETES, Chart
from bench.mirror import Artifact
from bench.tools import binary

SOURCES: Mapping[str, str] = {
    "acme.cert-manager.io": "cert-manager",
    "caching.internal.knative.dev": "serving-core",
    "cert-manager.io": "cert-manager",
    "eventing.keda.sh": "keda",
    "gateway.envoyproxy.io": "envoy-gateway-crds",
    "gateway.networking.k8s.io": "gateway-api",
    "karpenter.k8s.aws": "karpenter-crd",
    "karpenter.sh": "karpenter-crd",
    "keda.sh": "keda",
    "monitoring.coreos.com": "prometheus-operator-crds",
    "networking.internal.knative.dev": "serving-core",
    "serving.knative.dev": "serving-core",
    "serving.kserve.io": "kserve-crd",
}
"""API group → chart or manifest of the mirror."""


def definition(group: str, kind: str) -> dict[str, Any] | None:
    """The CRD of this kind; None for a group that has none here, such as Kubernetes' own."""
    if group not in SOURCES:
        return None
    # Only the documents that can be it are parsed: all of them together are 8 MB.
    for text in re.split(r"^---$", _text(SOURCES[group]), flags=re.MULTILINE):
        if "kind: CustomResourceDefinition" in text and re.search(rf"^    kind: {kind}$", text, re.MULTILINE):
            found: dict[str, Any] = yaml.load(text.replace("- =\n", "- '='\n"), yaml.CSafeLoader)
            if found["spec"]["group"] == group and found["spec"]["names"]["kind"] == kind:
                return found
    raise AssertionError(f"{SOURCES[group]} has no CRD of {kind}.{group}")


@functools.cache
def _text(name: str) -> str:
    (artifact,) = (each for each in (*charts.TABLE, *manifests.TABLE) if each.name == name)
    return _rendered(artifact) if isinstance(artifact, Chart) else artifact.path.read_text()


def _rendered(chart: Artifact) -> str:
    command = [str(binary("helm")), "template", chart.name, str(chart.path), "--kube-version", KUBERNETES, "--set", "crds.enabled=true"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
