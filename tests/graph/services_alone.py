"""The services of a stack file, recorded on a platform that is there already."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import pulumi

from components.artifacts import Mirror
from components.platform.envoy_gateway import EnvoyGateway
from components.platform.minio import MinioStore
from components.platform.minio_servers import MinioStoreArgs
from components.prometheus import Prometheus
from stacks import services
from stacks.config import parse
from stacks.platform import Platform
from tests.graph.recording import Graph, record_component
from tests.service_files import version, whole
from tests.stack_files import IMAGES

MNIST = "InferenceService/mnist-classifier"
V1, V2 = (f"InferenceService/smollm-text-generation-{name}" for name in ("v1", "v2"))
TWO = [version("v1", 90), version("v2", 10)]
CANARY = {"model": "s3://models/mnist/b.pt", "percent": 10}


OURS = Prometheus(url="http://prometheus.monitoring.svc.cluster.local:9090", namespace="monitoring")


def serving(
    mnist: dict[str, Any] | None = None,
    smollm: dict[str, Any] | None = None,
    prometheus: Prometheus | None = OURS,
    images: Mapping[str, str] | None = None,
) -> Graph:
    """The services of a stack file on a platform that is there already, except for the store, whose parts they use."""
    stack = parse(whole(mnist=mnist, smollm=smollm, images={**IMAGES, **(images or {})}), "dev")
    gateway = SimpleNamespace(gateway="inference", namespace="envoy-gateway", host="inference-gateway.envoy-gateway.svc.cluster.local")
    endpoints: dict[str, str] = {}

    def build() -> None:
        platform = Platform(
            options=pulumi.ResourceOptions(),
            mirror=Mirror(),
            gateway=cast(EnvoyGateway, gateway),
            knative=None,
            keda=None,
            monitoring=None,
            prometheus=prometheus,
            gpu_operator=None,
            autoscaler=None,
            kserve=None,
            store=MinioStore("model-store", MinioStoreArgs(mode="standalone", storage_size="1Gi", mirror=Mirror())),
        )
        endpoints.update(services.build(stack, platform))

    graph = record_component(build)
    graph.outputs = {"endpoints": endpoints}
    return graph


def predictor(graph: Graph, key: str) -> dict[str, Any]:
    found: dict[str, Any] = graph.one(key).inputs["spec"]["predictor"]
    return found


def rules(graph: Graph, service: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = graph.one(f"HTTPRoute/{service}").inputs["spec"]["rules"]
    return found


def environment(graph: Graph, job: str) -> dict[str, str]:
    (container,) = graph.one(f"Job/{job}").inputs["spec"]["template"]["spec"]["containers"]
    return {item["name"]: item.get("value", "") for item in container["env"]}
