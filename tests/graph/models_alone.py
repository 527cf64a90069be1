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
from stacks import models as deployed
from stacks.cloud import Cluster
from stacks.config import parse
from stacks.platform import Platform
from tests.graph.recording import Graph, record_component
from tests.model_files import version, whole
from tests.stack_files import IMAGES

MNIST = "InferenceService/mnist-classifier"
V1, V2 = "InferenceService/smollm-text-generation", "InferenceService/smollm-text-generation-v2"
TWO = [version("v1", 90), version("v2", 10)]


def canary(percent: int, **more: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - any YAML
    """A candidate beside the stable version of the classifier."""
    return [
        {"name": "v1", "source": "s3://models/mnist/a.pt", "weight": 100 - percent},
        {"name": "v2", "source": "s3://models/mnist/b.pt", "weight": percent, **more},
    ]


CANARY = canary(10)


OURS = Prometheus(url="http://prometheus.monitoring.svc.cluster.local:9090", namespace="monitoring")


def serving(
    mnist: dict[str, Any] | None = None,
    smollm: dict[str, Any] | None = None,
    prometheus: Prometheus | None = OURS,
    images: Mapping[str, Any] | None = None,
    models: dict[str, Any] | None = None,
) -> Graph:
    """The models of a stack file on a platform that is there already, except for the store, whose parts they use."""
    values = whole(mnist=mnist, smollm=smollm, models=models, images={**IMAGES, **(images or {})})
    endpoints: dict[str, str] = {}
    graph = record_component(lambda: endpoints.update(build_on(values, pulumi.ResourceOptions(), prometheus)))
    graph.outputs = {"endpoints": endpoints}
    return graph


def build_on(values: Mapping[str, Any], options: pulumi.ResourceOptions, prometheus: Prometheus | None = OURS) -> dict[str, str]:
    """Deploy the models of these sections on such a platform; return their addresses."""
    gateway = SimpleNamespace(gateway="inference", namespace="envoy-gateway", host="inference-gateway.envoy-gateway.svc.cluster.local")
    config = parse(values, "dev")
    platform = Platform(
        options=options,
        mirror=Mirror(),
        gateway=cast(EnvoyGateway, gateway) if config.envoy_gateway.enabled else None,
        knative=None,
        keda=None,
        monitoring=None,
        prometheus=prometheus,
        gpu_operator=None,
        autoscaler=None,
        karpenter=None,
        gpu_pool=None,
        kserve=None,
        store=MinioStore("model-store", MinioStoreArgs(mode="standalone", storage_size="1Gi", mirror=Mirror()), options),
    )
    return deployed.build(config, Cluster(options=options), platform).addresses


def predictor(graph: Graph, key: str) -> dict[str, Any]:
    found: dict[str, Any] = graph.one(key).inputs["spec"]["predictor"]
    return found


def rules(graph: Graph, service: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = graph.one(f"HTTPRoute/{service}").inputs["spec"]["rules"]
    return found


def environment(graph: Graph, job: str) -> dict[str, str]:
    (container,) = graph.one(f"Job/{job}").inputs["spec"]["template"]["spec"]["containers"]
    return {item["name"]: item.get("value", "") for item in container["env"]}
