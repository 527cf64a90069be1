"""The models that are served, each a value of the same types."""

from __future__ import annotations

from components.model_access import Account
from components.model_store import ModelStore
from components.scheduling import Quantities, Resources
from components.serving.autoscaling import CpuAutoscaling
from components.serving.inference_service import InferenceService, InferenceServiceArgs, Predictor
from components.serving.model_publication import ModelPublication, ModelPublicationArgs
from components.serving.modes import Standard
from components.serving.runtime import ServingRuntime, ServingRuntimeArgs
from components.serving.server import V1Server
from components.serving.smoke_check import SmokeCheck, SmokeCheckArgs
from stacks.config import StackConfig
from stacks.config.section import ResourcesConfig
from stacks.config.services import MnistConfig
from stacks.platform import Platform

MODELS_NAMESPACE = "default"
"""Never `kserve`: KServe's pod webhook leaves the controller's own namespace alone (kserve#3473)."""


def build(config: StackConfig, platform: Platform) -> dict[str, str]:
    """Deploys every configured service; returns its prediction address by name."""
    endpoints = {}
    # The configuration has refused a service without store or images already.
    if config.services.mnist and platform.store and config.images.mnist and config.images.mnist_weights:
        service = _deploy_mnist(config.services.mnist, config.images.mnist, config.images.mnist_weights, platform, platform.store)
        endpoints["mnist"] = service.url
    return endpoints


def mnist(config: MnistConfig, store: ModelStore) -> InferenceServiceArgs:
    return InferenceServiceArgs(
        name="mnist-classifier",
        namespace=MODELS_NAMESPACE,
        predictor=Predictor(
            storage=store.grant_read(Account(namespace=MODELS_NAMESPACE, name="mnist-classifier")),
            resources=_resources(config.resources),
        ),
        serving=Standard(model=config.model, autoscaling=CpuAutoscaling(replicas=config.replicas, target=config.scaling.target)),
    )


def _deploy_mnist(config: MnistConfig, image: str, weights: str, platform: Platform, store: ModelStore) -> InferenceService:
    published = ModelPublication("mnist-weights", ModelPublicationArgs(weights_image=weights, prefix="mnist"), store, platform.options)
    runtime = ServingRuntime(
        "mnist-pytorch",
        ServingRuntimeArgs(namespace=MODELS_NAMESPACE, image=image, server=V1Server(model_format="pytorch-state-dict")),
        platform.options,
        after=[platform.kserve],
    )
    service = InferenceService("mnist", mnist(config, store), runtime, platform.options, after=[published])
    (part,) = service.parts
    check = SmokeCheckArgs(part=part, image=image, ready_within_seconds=config.ready_within_seconds)
    SmokeCheck("mnist-classifier-smoke", check, service, platform.options)
    return service


def _resources(config: ResourcesConfig) -> Resources:
    return Resources(
        requests=Quantities(cpu=config.requests.cpu, memory=config.requests.memory),
        limits=Quantities(cpu=config.limits.cpu, memory=config.limits.memory),
    )
