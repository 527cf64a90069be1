"""The models that are served, each a value of the same types."""

from __future__ import annotations

from typing import TypeVar

from components import versions
from components.model_access import Access, Account
from components.model_store import ModelStore
from components.platform import kourier
from components.platform.envoy_gateway import EnvoyGateway
from components.serving.autoscaling import CpuAutoscaling, KnativeAutoscaling
from components.serving.gateway import Gateway, KnativeIngress
from components.serving.inference_service import InferenceService, InferenceServiceArgs, Predictor
from components.serving.keda import Fallback, KedaAutoscaling
from components.serving.model_publication import ModelPublication, ModelPublicationArgs
from components.serving.modes import Knative, Serving, Standard
from components.serving.rollout import Experiment, KnativeCanary, Shadow, Version, Versions
from components.serving.route import Route
from components.serving.runtime import ServingRuntime, ServingRuntimeArgs
from components.serving.server import V1Server
from components.serving.smoke_check import SmokeCheck, SmokeCheckArgs
from components.serving.vllm import VllmServer, load_triggers
from stacks.config import StackConfig
from stacks.config.platform import KnativeIngressConfig
from stacks.config.services import MnistConfig, SmollmConfig
from stacks.platform import MODELS_NAMESPACE, Platform
from stacks.workloads import resources

MNIST = "mnist-classifier"
SMOLLM = "smollm-text-generation"
SMOLLM_WEIGHTS = "smollm/135m"
"""The folder of the store that gets the files of images.smollmWeights."""

SWITCHED_OFF = "a service is built on a part of the platform that is switched off"
Value = TypeVar("Value")


def build(config: StackConfig, platform: Platform) -> dict[str, str]:
    """Deploys every configured service; returns its address by name."""
    endpoints = {}
    if config.services.mnist:
        endpoints["mnist"] = _deploy_mnist(config.services.mnist, config, platform)
    if config.services.smollm:
        endpoints["smollm"] = _deploy_smollm(config.services.smollm, config, platform)
    return endpoints


def mnist(config: MnistConfig, stack: StackConfig, platform: Platform) -> InferenceServiceArgs:
    return InferenceServiceArgs(
        name=MNIST,
        namespace=MODELS_NAMESPACE,
        predictor=Predictor(storage=_reader(MNIST, platform), resources=resources(config.resources)),
        serving=_on_requests(config, stack, platform) if config.on_knative else _on_cpu(config),
        prometheus=platform.prometheus,
    )


def _on_cpu(config: MnistConfig) -> Serving:
    return Standard(model=config.model, autoscaling=CpuAutoscaling(replicas=config.replicas, target=config.scaling.target))


def _on_requests(config: MnistConfig, stack: StackConfig, platform: Platform) -> Serving:
    scaling = config.scaling
    return Knative(
        model=config.model,
        autoscaling=KnativeAutoscaling.model_validate({**scaling.model_dump(), "replicas": config.replicas}),
        canary=KnativeCanary(**config.canary.model_dump()) if config.canary else None,
        gateway=_gateway(platform),
        ingress=_ingress(stack.knative.ingress),
    )


def smollm(config: SmollmConfig, platform: Platform) -> InferenceServiceArgs:
    return InferenceServiceArgs(
        name=SMOLLM,
        namespace=MODELS_NAMESPACE,
        predictor=Predictor(storage=_reader(SMOLLM, platform), resources=resources(config.resources), gpus=config.gpus),
        serving=Standard(
            model=Versions(
                gateway=_gateway(platform),
                versions=[Version(**version.model_dump()) for version in config.versions],
                experiment=Experiment(**config.experiment.model_dump()) if config.experiment else None,
                shadow=Shadow(**config.shadow.model_dump()) if config.shadow else None,
            ),
            autoscaling=KedaAutoscaling(
                replicas=config.replicas,
                prometheus=_there(platform.prometheus).url,
                triggers=load_triggers(config.scaling.queue_depth, config.scaling.p95_seconds),
                # Blind, it keeps what runs: one replica more than needed costs a GPU, one fewer costs users.
                fallback=Fallback(replicas=config.replicas.min),
            ),
        ),
        prometheus=platform.prometheus,
    )


def _deploy_mnist(config: MnistConfig, stack: StackConfig, platform: Platform) -> str:
    image = _there(stack.images.mnist)
    published = _published("mnist-weights", _there(stack.images.mnist_weights), "mnist", platform)
    runtime = ServingRuntimeArgs(namespace=MODELS_NAMESPACE, image=image, server=V1Server(model_format="pytorch-state-dict"))
    service = InferenceService(
        "mnist",
        mnist(config, stack, platform),
        _runtime("mnist-pytorch", runtime, platform),
        platform.options,
        after=[published, platform.autoscaler],
    )
    return _answering(service, image, config.ready_within_seconds, platform)


def _deploy_smollm(config: SmollmConfig, stack: StackConfig, platform: Platform) -> str:
    server = VllmServer(served_name=SMOLLM, quantization=config.quantization, tool_calls=config.tool_calling)
    image = platform.mirror.image(versions.VLLM).reference
    runtime = ServingRuntimeArgs(namespace=MODELS_NAMESPACE, image=image, server=server)
    weights = stack.images.smollm_weights
    published = _published("smollm-weights", weights, SMOLLM_WEIGHTS, platform) if weights else None
    service = InferenceService(
        "smollm",
        smollm(config, platform),
        _runtime("smollm-vllm", runtime, platform),
        platform.options,
        # Without them no GPU is ever offered, and the clock of the first answer runs.
        after=[platform.store, published, platform.autoscaler, platform.gpu_operator],
    )
    # Any image with Python would do; vLLM's has 10 GB.
    checker = platform.mirror.image(versions.KSERVE_STORAGE_INITIALIZER).reference
    return _answering(service, checker, config.ready_within_seconds, platform)


def _published(name: str, weights_image: str, prefix: str, platform: Platform) -> ModelPublication:
    return ModelPublication(name, ModelPublicationArgs(weights_image=weights_image, prefix=prefix), _store(platform), platform.options)


def _runtime(name: str, args: ServingRuntimeArgs, platform: Platform) -> ServingRuntime:
    return ServingRuntime(name, args, platform.options, after=[platform.kserve])


def _answering(service: InferenceService, image: str, within_seconds: int, platform: Platform) -> str:
    """Each part answers by itself before requests are led to it; then the address that people know must answer."""
    checks = [
        SmokeCheck(
            f"{part.name}-smoke", SmokeCheckArgs(part=part, image=image, ready_within_seconds=within_seconds), service, platform.options
        )
        for part in service.parts
    ]
    if route := service.route(image):
        Route(f"{service.args.name}-route", route, platform.options, after=checks)
    return service.url


def _reader(name: str, platform: Platform) -> Access:
    return _store(platform).grant_read(Account(namespace=MODELS_NAMESPACE, name=name))


def _store(platform: Platform) -> ModelStore:
    if platform.store is None:
        raise AssertionError(SWITCHED_OFF)
    return platform.store


def _gateway(platform: Platform) -> Gateway:
    gateway: EnvoyGateway = _there(platform.gateway)
    return Gateway(name=gateway.gateway, namespace=gateway.namespace, host=gateway.host)


def _ingress(config: KnativeIngressConfig) -> KnativeIngress:
    namespace, _, service = (config.service or f"{kourier.NAMESPACE}/{kourier.INTERNAL_SERVICE}").partition("/")
    return KnativeIngress(namespace=namespace, service=service)


def _there(value: Value | None) -> Value:
    """What a service stands on; the configuration has refused its absence (stacks/config/needs.py)."""
    if value is None:
        raise AssertionError(SWITCHED_OFF)
    return value
