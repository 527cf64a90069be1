"""The switches of a stack: a configuration for every setting of them, what then exists, and which settings contradict each other.

Written by hand from what the switches mean, and not from stacks/config: a second opinion.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from tests.eks import CLUSTER, GPU, KARPENTER
from tests.managed import custom
from tests.model_files import version
from tests.stack_files import IMAGES, IMAGES_BY_DIGEST, MNIST, SMOLLM

Case = Mapping[str, str]
"""One value for every switch."""
Pair = tuple[tuple[str, str], tuple[str, str]]

SWITCHES: dict[str, tuple[str, ...]] = {
    "smollm": ("off", "one version", "two versions"),
    "mnist": ("off", "cpu", "concurrency"),
    "counter": ("off", "on"),
    "managed endpoint": ("off", "on"),
    "cluster": ("existing", "eks", "eks in a network of others"),
    "gpu": ("none", "existing", "managed", "karpenter"),
    "gpuOperator": ("off", "on"),
    "store": ("off", "standalone", "distributed", "s3"),
    "kserve": ("on", "off"),
    "envoyGateway": ("off", "cluster", "internal"),
    "gatewayApi": ("off", "on"),
    "knative": ("off", "kourier", "kourier, internal"),
    "keda": ("off", "on"),
    "monitoring": ("off", "on", "of others"),
    "certManager": ("on", "off"),
    "autoscaler": ("on", "off"),
    "mirror": ("none", "registry", "registry with builds of its own"),
    "digests": ("optional", "required"),
    "systemNodes": ("pinned", "newest"),
    "gpuNodes": ("pinned", "newest"),
    "images": ("none", "by tag", "by digest"),
}
OWNED = ("eks", "eks in a network of others")
MADE = ("managed", "karpenter")
KNATIVE = ("kourier", "kourier, internal")
ON_CPU_OR_REQUESTS = ("cpu", "concurrency")
ON_QUEUE = ("one version", "two versions")
EXPOSED = ("cluster", "internal")

REGISTRY = "corp.example/mirror"
RELEASE = "1.35.7-20260911"
BUCKET = "inference-test-models"
COUNTER = f"registry.example/counter@sha256:{'c' * 64}"
WATCHED = {"prometheusUrl": "http://prometheus.watch.svc.cluster.local:9090", "labels": {"watched": "yes"}}
"""The section `monitoring` for an existing Prometheus."""


@dataclass(frozen=True)
class Conflict:
    """A setting is refused when every one of these switches has one of the values; the message has all of `names`."""

    values: Mapping[str, tuple[str, ...]]
    names: tuple[str, ...]

    def __str__(self) -> str:
        return " beside ".join(f"{switch} {' or '.join(values)}" for switch, values in self.values.items())

    def holds(self, case: Case) -> bool:
        """True if every one of the switches is set so: a switch that the case leaves out contradicts nothing."""
        return all(case.get(switch) in values for switch, values in self.values.items())

    def explains(self, line: str) -> bool:
        return all(name in line for name in self.names)


CONFLICTS = [
    Conflict({"gpu": MADE, "cluster": ("existing",)}, ("gpu: modes managed and karpenter", "cluster.kind")),
    Conflict({"gpu": ("existing",), "cluster": OWNED}, ("gpu: mode existing", "cluster.kind")),
    Conflict({"gpu": ("managed",), "cluster": OWNED, "autoscaler": ("off",)}, ("gpu: nodes.min", "cluster.autoscaler.enabled")),
    Conflict({"gpu": ("none",), "gpuOperator": ("on",)}, ("gpuOperator: enabled: true", "gpu.mode")),
    Conflict({"gpu": MADE, "gpuOperator": ("off",)}, ("gpuOperator: enabled: false", "gpu.mode")),
    Conflict({"gpu": ("karpenter",), "gpuNodes": ("newest",)}, ("gpu: mode karpenter", "releaseVersion")),
    Conflict({"cluster": OWNED, "envoyGateway": EXPOSED, "gatewayApi": ("off",)}, ("envoyGateway:", "cluster.kind", "gatewayApi.enabled")),
    Conflict({"cluster": OWNED, "monitoring": ("on",), "certManager": ("off",)}, ("monitoring:", "cluster.kind", "certManager.enabled")),
    Conflict({"cluster": OWNED, "kserve": ("on",), "certManager": ("off",)}, ("kserve:", "cluster.kind", "certManager.enabled")),
    Conflict({"cluster": ("existing",), "store": ("s3",)}, ("modelStore: backend s3", "cluster.kind")),
    Conflict(
        {"digests": ("required",), "mirror": ("registry with builds of its own",)},
        ("mirror: digests: drop", "safeguards.digests: required"),
    ),
    Conflict({"digests": ("required",), "images": ("by tag",)}, ("images:", "safeguards.digests: required")),
    Conflict(
        {"digests": ("required",), "cluster": OWNED, "systemNodes": ("newest",)},
        ("safeguards: digests: required", "cluster.systemNodes.releaseVersion"),
    ),
    Conflict(
        {"digests": ("required",), "gpu": ("managed",), "gpuNodes": ("newest",)}, ("safeguards: digests: required", "gpu.releaseVersion")
    ),
    Conflict({"mnist": ON_CPU_OR_REQUESTS, "kserve": ("off",)}, ("models:", f"{MNIST} needs", "kserve.enabled")),
    Conflict({"mnist": ON_CPU_OR_REQUESTS, "store": ("off",)}, ("models:", f"{MNIST} needs", "modelStore.enabled")),
    Conflict({"mnist": ("concurrency",), "knative": ("off",)}, ("models:", f"{MNIST} needs", "knative.enabled")),
    Conflict({"mnist": ("concurrency",), "envoyGateway": ("off",)}, ("models:", f"{MNIST} needs", "envoyGateway.enabled")),
    Conflict({"smollm": ON_QUEUE, "kserve": ("off",)}, ("models:", f"{SMOLLM} needs", "kserve.enabled")),
    Conflict({"smollm": ON_QUEUE, "store": ("off",)}, ("models:", f"{SMOLLM} needs", "modelStore.enabled")),
    Conflict({"smollm": ("two versions",), "envoyGateway": ("off",)}, ("models:", f"{SMOLLM} needs", "envoyGateway.enabled")),
    Conflict({"smollm": ON_QUEUE, "keda": ("off",)}, ("models:", f"{SMOLLM} needs", "keda.enabled")),
    Conflict(
        {"smollm": ON_QUEUE, "monitoring": ("off",)}, ("models:", f"{SMOLLM} needs", "monitoring.enabled", "monitoring.prometheusUrl")
    ),
    Conflict({"smollm": ON_QUEUE, "gpu": ("none",)}, ("models:", f"{SMOLLM} needs", "gpu.mode")),
    Conflict({"counter": ("on",), "kserve": ("off",)}, ("models:", "counter needs", "kserve.enabled")),
    # An existing cluster has no store in S3 either.
    Conflict(
        {"managed endpoint": ("on",), "store": ("off", "standalone", "distributed")},
        ("models: iris.placement: sagemaker needs", "modelStore.backend: s3"),
    ),
]


def broken(case: Case) -> list[Conflict]:
    return [conflict for conflict in CONFLICTS if conflict.holds(case)]


def pairs(case: Case) -> Iterator[Pair]:
    yield from combinations(case.items(), 2)


def all_pairs() -> Iterator[Pair]:
    for one, other in combinations(SWITCHES, 2):
        yield from (((one, first), (other, second)) for first in SWITCHES[one] for second in SWITCHES[other])


@functools.cache
def possible_pairs() -> tuple[Pair, ...]:
    """Those that some case without a conflict has."""
    return tuple(pair for pair in all_pairs() if completed(dict(pair)))


def completed(start: Case, allowed: Conflict | None = None) -> Case | None:
    """The first setting of all switches that goes on from `start` without a conflict but `allowed`; None when there is none."""
    if any(conflict is not allowed for conflict in broken(start)):
        return None
    return _continued(start, allowed)


def _continued(start: Case, allowed: Conflict | None) -> Case | None:
    """The same from a start without a conflict: only those of the switch that is set next can be new."""
    switch = next((switch for switch in SWITCHES if switch not in start), None)
    if switch is None:
        return {each: start[each] for each in SWITCHES}
    watched = [conflict for conflict in CONFLICTS if switch in conflict.values and conflict is not allowed]
    wider = ({**start, switch: value} for value in SWITCHES[switch])
    found = (_continued(case, allowed) for case in wider if not any(conflict.holds(case) for conflict in watched))
    return next((case for case in found if case), None)


def valid_cases() -> list[Case]:
    """So few that together they have every pair of values that any valid case has. Not by allpairspy: with a filter it leaves pairs out."""
    # In the order of the switches they would be 32, in most shuffled ones 25, and in this one 24.
    open_pairs = random.Random(5).sample(possible_pairs(), len(possible_pairs()))  # noqa: S311 - of no secret
    cases: list[Case] = []
    while open_pairs:
        start: Case = {}
        for pair in open_pairs:
            wider = {**start, **dict(pair)}
            if wider.items() >= start.items() and completed(wider):
                start = wider
        case = completed(start)
        assert case
        cases.append(case)
        covered = set(pairs(case))
        open_pairs = [pair for pair in open_pairs if pair not in covered]
    return cases


def configuration(case: Case) -> dict[str, Any]:
    """The keys below `inference-platform:`."""
    enabled = {key: {"enabled": case[key] == "on"} for key in ("gpuOperator", "kserve", "gatewayApi", "keda", "certManager")}
    return {
        **enabled,
        "cluster": _cluster(case),
        "gpu": _gpu(case),
        "safeguards": {"digests": case["digests"]},
        "mirror": _mirror(case["mirror"]),
        "envoyGateway": {
            "enabled": case["envoyGateway"] != "off",
            "exposure": "internal" if case["envoyGateway"] == "internal" else "cluster",
        },
        "knative": _knative(case["knative"]),
        "monitoring": WATCHED if case["monitoring"] == "of others" else _switch(case["monitoring"]),
        "modelStore": _store(case["store"]),
        "images": {"none": {}, "by tag": IMAGES, "by digest": IMAGES_BY_DIGEST}[case["images"]],
        "models": _models(case),
    }


def _switch(value: str) -> dict[str, Any]:
    return {"enabled": value == "on"}


def _pinned(value: str) -> dict[str, str]:
    return {"releaseVersion": RELEASE} if value == "pinned" else {}


def _cluster(case: Case) -> dict[str, Any]:
    if case["cluster"] == "existing":
        return {"kind": "existing"}
    subnets = [f"subnet-0{zone}" for zone in "abc"]
    network = {} if case["cluster"] == "eks" else {"network": {"kind": "existing", "vpcId": "vpc-0a", "privateSubnetIds": subnets}}
    return {**CLUSTER, **network, "autoscaler": _switch(case["autoscaler"]), "systemNodes": _pinned(case["systemNodes"])}


def _gpu(case: Case) -> dict[str, Any]:
    if case["gpu"] == "karpenter":
        return KARPENTER if case["gpuNodes"] == "pinned" else {key: value for key, value in KARPENTER.items() if key != "releaseVersion"}
    return {**GPU, **_pinned(case["gpuNodes"])} if case["gpu"] == "managed" else {"mode": case["gpu"]}


def _mirror(value: str) -> dict[str, Any]:
    if value == "none":
        return {}
    return {"registry": REGISTRY, "digests": "keep" if value == "registry" else "drop"}


def _knative(value: str) -> dict[str, Any]:
    return {"enabled": value != "off", "exposure": "internal" if value == "kourier, internal" else "cluster"}


def _store(value: str) -> dict[str, Any]:
    stores: dict[str, dict[str, Any]] = {
        "off": {"enabled": False},
        "standalone": {"mode": "standalone"},
        "distributed": {"mode": "distributed", "replicas": 4},
        "s3": {"backend": "s3", "bucket": BUCKET},
    }
    return stores[value]


def _models(case: Case) -> dict[str, Any]:
    bucket = BUCKET if case["store"] == "s3" else "models"
    models: dict[str, Any] = {}
    if case["mnist"] != "off":
        own = {"image": IMAGES_BY_DIGEST[MNIST]["server"]} if case["images"] == "none" else {}
        scaling = {"metric": case["mnist"]}
        models[MNIST] = {"server": {"kind": "pytorch", **own}, "source": f"s3://{bucket}/mnist/a.pt", "scaling": scaling}
    if case["smollm"] == "one version":
        models[SMOLLM] = {"server": {"kind": "vllm"}, "source": f"s3://{bucket}/smollm/v1"}
    if case["smollm"] == "two versions":
        versions = [version(name, 50, source=f"s3://{bucket}/smollm/{name}") for name in ("v1", "v2")]
        models[SMOLLM] = {"server": {"kind": "vllm"}, "versions": versions}
    if case["counter"] == "on":
        models["counter"] = {"server": {"kind": "custom", "image": COUNTER, "secretEnv": {"TOKEN": "hunter2"}, "metrics": "/metrics"}}
    if case["managed endpoint"] == "on":
        models["iris"] = custom()
    return models
