"""The graph of every stack, its charts and manifests from the bench's mirror."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from bench.mirror import MIRROR
from tests import stack_files
from tests.eks import KARPENTER
from tests.graph.models_alone import CANARY
from tests.graph.recording import Graph, Resource, record
from tests.model_files import version, whole

COUNTER = {
    "server": {
        "kind": "custom",
        "image": "registry.example/counter:1",
        "command": ["/bin/serve"],
        "args": ["--verbose"],
        "env": {"UNIT": "words"},
        "secretEnv": {"TOKEN": "in-no-pod-in-clear"},
        "port": 9000,
        "livePath": "/alive",
        "metrics": "/metrics",
    },
    "scaling": {"metric": "cpu"},
}


def all_modes() -> dict[str, Any]:
    """Every part that runs on a cluster of any kind, highly available, and models of all kinds in both modes with all they can have."""
    replicated = {
        name: {"enabled": True, "replicas": 3} for name in ("certManager", "envoyGateway", "knative", "keda", "monitoring", "kserve")
    }
    return whole(
        mnist={"versions": CANARY},
        smollm={
            "versions": [version("v1", 90), version("v2", 10), version("v3", 0)],
            "experiment": {"groups": {"patient": "v2"}},
            "shadow": {"version": "v3"},
        },
        models={"counter": COUNTER},
        modelStore={"mode": "distributed", "replicas": 4},
        **replicated,
    )


def prod() -> dict[str, Any]:
    """The mirror's artifacts are builds of its own, so their digests are nobody's."""
    return stack_files.prod(safeguards__digests="optional")


def karpenter() -> dict[str, Any]:
    """Prod with nodes that Karpenter starts, in a reservation first, and in subnets whose ids are of AWS's form."""
    network = {"kind": "existing", "vpcId": "vpc-0a", "privateSubnetIds": ["subnet-0a", "subnet-0b", "subnet-0c"]}
    cluster = {**prod()["cluster"], "network": network}
    return {**prod(), "cluster": cluster, "gpu": {**KARPENTER, "nodes": {"max": 3}, "karpenter": {"reservations": ["cr-0a1"]}}}


STACKS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "local": stack_files.local,
    "local with smollm": stack_files.local_with_smollm,
    "all modes": all_modes,
    "dev": stack_files.dev,
    "prod": prod,
    "karpenter": karpenter,
}


@functools.cache
def recorded(stack: str) -> Graph:
    mirror = {"charts": str(MIRROR / "charts"), "manifests": str(MIRROR / "manifests"), "digests": "drop"}
    return record({**STACKS[stack](), "mirror": mirror})


def written() -> dict[str, dict[str, Any]]:
    """The Kubernetes objects that the program itself describes, of all stacks, by stack and key.

    An object that two stacks have in common stands once, under the first one's name.
    """
    found: dict[str, dict[str, Any]] = {}
    for stack in STACKS:
        for resource in recorded(stack):
            described = _proxies(resource) if resource.key == "Release/gateway-helm" else resource.inputs
            if resource.custom and "apiVersion" in described and described not in found.values():
                found[f"{stack}: {resource.key}"] = described
    return found


def _proxies(release: Resource) -> dict[str, Any]:
    """The object whose type a value of Envoy Gateway's chart has, so that the CRD's schema judges the value."""
    return {
        "apiVersion": "gateway.envoyproxy.io/v1alpha1",
        "kind": "EnvoyProxy",
        "metadata": {"name": "envoy", "namespace": release.inputs["namespace"]},
        "spec": release.inputs["values"]["config"]["envoyGateway"]["envoyProxy"],
    }
