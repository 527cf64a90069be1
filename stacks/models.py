"""The models of a stack: one loop over `models:`. Nothing here knows a model by its name."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components import versions
from components.platform import kourier
from components.serving.gateway import KnativeIngress
from components.serving.inference_service import InferenceService, InferenceServiceArgs
from components.serving.model import Model
from components.serving.modes import Front
from components.serving.route import Route, RouteArgs
from components.serving.runtime import ServingRuntime, ServingRuntimeArgs
from components.serving.sagemaker import placed
from components.serving.smoke_check import SmokeCheck, SmokeCheckArgs
from stacks import managed_endpoints
from stacks.cloud import Cluster
from stacks.config import StackConfig
from stacks.images import server_image
from stacks.platform import Platform
from stacks.publication import publication


def models(config: StackConfig) -> list[Model]:
    """Return every model that the cluster serves, under its name. For those of SageMaker, AWS does all that is built on this list."""
    return [Model(name=name, entry=entry) for name, entry in placed(config.models, "kubernetes").items()]


@dataclass(frozen=True)
class Deployed:
    """`addresses`: by the model's name. `parts`: all that answers or checks an answer; everything else of a model comes before these."""

    addresses: dict[str, str]
    parts: list[pulumi.Resource]


def build(config: StackConfig, cluster: Cluster, platform: Platform) -> Deployed:
    """Deploy every model, in the cluster or on SageMaker."""
    deployment = _Deployment(config, platform)
    addresses = {model.name: deployment.of(model) for model in models(config)}
    managed = managed_endpoints.build(config, cluster, platform)
    elsewhere = {name: endpoint.url for name, endpoint in managed.items()}
    return Deployed({**addresses, **elsewhere}, [*deployment.parts, *managed.values()])


class _Deployment:
    def __init__(self, config: StackConfig, platform: Platform) -> None:
        self.config = config
        self.platform = platform
        self.parts: list[pulumi.Resource] = []
        # Any image with Python is enough; every node that serves a model has this one.
        self.checker = platform.mirror.image(versions.KSERVE_STORAGE_INITIALIZER).reference

    def of(self, model: Model) -> str:
        """Deploy one model. Each version answers by itself before it gets requests; then the users' address answers."""
        platform = self.platform
        service = InferenceService(
            model.name,
            InferenceServiceArgs(
                model=model,
                storage=platform.store.grant_read(model.account) if platform.store and model.entry.reads_store else None,
                front=self._front(model),
                prometheus=platform.prometheus,
            ),
            self._runtime(model),
            platform.options,
            # Without these parts no node and no GPU is ever offered, while the time limit for the first answer runs.
            after=[
                # A model without files has no runtime that waits for KServe; and on the way down every model goes before all layers below.
                platform.kserve,
                platform.store,
                publication(self.config, self.platform, model),
                platform.autoscaler,
                *((platform.gpu_operator, platform.gpu_pool) if model.entry.server.gpu_count else ()),
            ],
        )
        checks = [
            SmokeCheck(f"{part.name}-smoke", SmokeCheckArgs(part=part, image=self.checker), service, platform.options)
            for part in model.parts
        ]
        if front := service.args.front:
            args = RouteArgs(model=model, front=front, image=self.checker)
            self.parts.append(Route(f"{model.name}-route", args, platform.options, after=checks))
        self.parts += [service, *checks]
        return model.url

    def _runtime(self, model: Model) -> ServingRuntime:
        image = server_image(self.config, model, self.platform.mirror)
        args = ServingRuntimeArgs(model=model, image=image)
        return ServingRuntime(f"{model.name}-{model.entry.server.kind}", args, self.platform.options, after=[self.platform.kserve])

    def _front(self, model: Model) -> Front | None:
        """Return the gateway if there is one; without it a plain Service leads to a model of one version."""
        gateway = self.platform.gateway
        if gateway is None:
            return None
        ingress = KnativeIngress(namespace=kourier.NAMESPACE, service=kourier.INTERNAL_SERVICE) if model.entry.on_knative else None
        return Front(name=gateway.gateway, namespace=gateway.namespace, host=gateway.host, ingress=ingress)
