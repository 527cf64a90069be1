"""Rules between two sections. Each rule belongs to the later one of the two, and the message names that section.

On an existing cluster a part that is switched off may be the cluster's own; on a cluster of this program no one else provides it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from components.artifacts import parse_image

Sections = Mapping[str, Any]
"""The sections before the judged one. A section with its own mistake is missing, and then no rule applies to it."""


@dataclass(frozen=True)
class Rule:
    """`broken` is called only if `section` and all of `others` could be read."""

    section: str
    others: tuple[str, ...]
    broken: Callable[..., bool]
    words: str


def _owned(cluster: Any) -> bool:  # noqa: ANN401 - a section
    return bool(cluster.kind == "eks")


def _by_tag_alone(images: Any) -> bool:  # noqa: ANN401 - a section
    return any(not parse_image(reference).digest for reference in images.named.values())


RULES = (
    Rule(
        "gpu",
        ("cluster",),
        lambda gpu, cluster: gpu.makes_nodes and not _owned(cluster),
        "modes managed and karpenter need cluster.kind: eks; an existing cluster has its GPU nodes (mode: existing) or none",
    ),
    Rule(
        "gpu",
        ("cluster",),
        lambda gpu, cluster: gpu.mode == "existing" and _owned(cluster),
        "mode existing needs cluster.kind: existing; on cluster.kind eks this program makes the nodes: mode managed, karpenter, or none",
    ),
    Rule(
        "gpu",
        ("cluster",),
        lambda gpu, cluster: _owned(cluster) and bool(gpu.release_version) and not gpu.release_version.startswith(f"{cluster.version}."),
        "releaseVersion is an image for another Kubernetes minor than cluster.version",
    ),
    Rule(
        "gpu",
        ("cluster",),
        lambda gpu, cluster: _owned(cluster) and gpu.mode == "managed" and gpu.nodes.min == 0 and not cluster.autoscaler.enabled,
        "nodes.min 0 beside cluster.autoscaler.enabled: false: nothing would ever add a node; switch it on or raise nodes.min",
    ),
    Rule(
        "safeguards",
        ("cluster",),
        lambda safeguards, cluster: safeguards.digests == "required" and _owned(cluster) and not cluster.system_nodes.release_version,
        "digests: required needs cluster.systemNodes.releaseVersion too: without it nodes boot the newest image",
    ),
    Rule(
        "safeguards",
        ("gpu",),
        lambda safeguards, gpu: safeguards.digests == "required" and gpu.mode == "managed" and not gpu.release_version,
        "digests: required needs gpu.releaseVersion too: without it nodes boot the newest image",
    ),
    Rule(
        "mirror",
        ("safeguards",),
        lambda mirror, safeguards: mirror.digests == "drop" and safeguards.digests == "required",
        "digests: drop contradicts safeguards.digests: required",
    ),
    Rule(
        "envoy_gateway",
        ("cluster", "gateway_api"),
        lambda gateway, cluster, api: gateway.enabled and _owned(cluster) and not api.enabled,
        "enabled: true on cluster.kind eks needs gatewayApi.enabled: true",
    ),
    Rule(
        "monitoring",
        ("cluster", "cert_manager"),
        # cert-manager makes its webhook's certificate.
        lambda monitoring, cluster, certificates: monitoring.enabled and _owned(cluster) and not certificates.enabled,
        "enabled: true on cluster.kind eks needs certManager.enabled: true",
    ),
    Rule(
        "gpu_operator",
        ("gpu",),
        lambda operator, gpu: operator.enabled and gpu.mode == "none",
        "enabled: true needs GPU nodes: set gpu.mode to managed, karpenter or existing",
    ),
    Rule(
        "gpu_operator",
        ("gpu",),
        lambda operator, gpu: not operator.enabled and gpu.makes_nodes,
        "enabled: false beside gpu.mode managed or karpenter: nodes would cost money and offer no GPU to any pod",
    ),
    Rule(
        "kserve",
        ("cluster", "cert_manager"),
        lambda kserve, cluster, certificates: kserve.enabled and _owned(cluster) and not certificates.enabled,
        "enabled: true on cluster.kind eks needs certManager.enabled: true",
    ),
    Rule(
        "model_store",
        ("cluster",),
        lambda store, cluster: store.enabled and store.backend == "s3" and not _owned(cluster),
        "backend s3 needs cluster.kind: eks, whose pods read it by Pod Identity; elsewhere choose minio",
    ),
    Rule(
        "images",
        ("safeguards",),
        lambda images, safeguards: safeguards.digests == "required" and any(_by_tag_alone(model) for model in images.values()),
        "safeguards.digests: required needs every image as <repository>:<tag>@sha256:<digest>; "
        "the workflow model-image prints it: pulumi config set --path inference-platform:images.<model>.server <reference>",
    ),
)


def broken(name: str, section: object, found: Sections) -> list[str]:
    """Return the message of every rule that `section`, the field `name`, breaks."""
    return [
        rule.words
        for rule in RULES
        if rule.section == name and all(other in found for other in rule.others) and rule.broken(section, *(found[o] for o in rule.others))
    ]
