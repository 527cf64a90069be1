"""One model, served: a typed KServe InferenceService, or one for each of its versions, with identity, autoscaler and address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import pulumi
import pulumi_kubernetes as k8s
from pydantic import Field, model_validator

from components.base import Args, Component, labels
from components.model_access import Access, Account
from components.prometheus import Prometheus
from components.scheduling import GPU_LABELS, GPU_RESOURCE, GPU_TOLERATION, Resources
from components.serving.keda import KedaAutoscaling, scaled_object
from components.serving.metrics import pod_monitor
from components.serving.modes import MODE, Knative, Part, Serving
from components.serving.route import RouteArgs
from components.serving.runtime import ServingRuntime
from components.serving.server import HTTP_PORT
from components.serving.storage import pod_annotations, reader_account


class Predictor(Args):
    """What every replica gets: a key to the store, a part of a machine, and whole GPUs."""

    storage: Access
    resources: Resources
    gpus: int = Field(0, ge=0)


class InferenceServiceArgs(Args):
    """`prometheus`: who scrapes the pods; None: nobody."""

    name: str
    namespace: str
    predictor: Predictor
    serving: Serving
    prometheus: Prometheus | None = None

    @model_validator(mode="after")
    def _gpus_can_roll_out(self) -> Self:
        if self.predictor.gpus and isinstance(self.serving, Knative):
            raise ValueError(
                "predictor.gpus: a rollout in Knative mode starts the new pod beside the old one, for which no GPU is free; use Standard"
            )
        return self

    @property
    def account(self) -> Account:
        return Account(namespace=self.namespace, name=self.name)

    @property
    def host(self) -> str:
        return f"{self.name}.{self.namespace}.svc.cluster.local"


class InferenceService(Component):
    """Owns account and key, the InferenceServices, their ScaledObjects and PodMonitor, and the Service under the address people know.

    Does not wait for the model: an update of a ready InferenceService never satisfies Pulumi's own wait, so a SmokeCheck does.
    KServe owns the Deployments and their replicas; where a gateway stands in front, a Route owns the way from there to here.
    """

    def __init__(
        self,
        name: str,
        args: InferenceServiceArgs,
        runtime: ServingRuntime,
        opts: pulumi.ResourceOptions | None = None,
        after: Sequence[pulumi.Resource | None] = (),
    ) -> None:
        super().__init__(name, opts, [runtime, *after])
        self.args = args
        self.runtime = runtime
        self.url = f"http://{args.host}{runtime.server.path(args.name)}"
        self.parts = args.serving.parts(args.name, args.namespace)
        before: list[pulumi.Resource] = [reader_account(args.account, args.predictor.storage, self), self._address()]
        for part in self.parts:
            service = self._part(part, before)
            if isinstance(args.serving.autoscaling, KedaAutoscaling):
                scaled_object(args.serving.autoscaling, part.name, args.namespace, self.child([service]))
        if args.prometheus:
            pod_monitor(args.name, args.namespace, [part.name for part in self.parts], args.prometheus, self.child())
        self.register_outputs({"url": self.url})

    def route(self, gateway_image: str) -> RouteArgs | None:
        """What the gateway must know; None where the Service alone leads to the pods. `gateway_image`: any with Python, for the check."""
        serving = self.args.serving
        if serving.gateway is None:
            return None
        return RouteArgs(
            name=self.args.name,
            namespace=self.args.namespace,
            gateway=serving.gateway,
            ingress=serving.ingress,
            rules=serving.rules(self.args.name, self.args.namespace),
            url=self.url,
            completion_model=self.runtime.server.completion_model,
            image=gateway_image,
        )

    def _part(self, part: Part, before: Sequence[pulumi.Resource]) -> k8s.apiextensions.CustomResource:
        args = self.args
        return k8s.apiextensions.CustomResource(
            part.name,
            api_version="serving.kserve.io/v1beta1",
            kind="InferenceService",
            metadata={
                "name": part.name,
                "namespace": args.namespace,
                "labels": {**labels(args.name, "serving"), **args.serving.labels},
                "annotations": {**args.serving.annotations, **pod_annotations(args.predictor.storage)},
            },
            spec={"predictor": self._predictor(part)},
            opts=pulumi.ResourceOptions.merge(
                self.child(before, delete_before_replace=True),
                # KServe refuses a change of the mode.
                pulumi.ResourceOptions(replace_on_changes=[f'metadata.annotations["{MODE}"]']),
            ),
        )

    def _predictor(self, part: Part) -> dict[str, Any]:
        args, server = self.args, self.runtime.server
        return {
            "serviceAccountName": args.account.name,
            "automountServiceAccountToken": False,
            "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
            **args.serving.predictor_fields(server.drain_seconds),
            **(_on_gpu_nodes() if args.predictor.gpus else {}),
            "model": {
                "modelFormat": {"name": server.model_format},
                "runtime": self.runtime.name,
                "protocolVersion": server.protocol,
                "storageUri": part.model,
                **({"image": part.image} if part.image else {}),
                "resources": _with_gpus(args.predictor),
            },
        }

    def _address(self) -> k8s.core.v1.Service:
        """KServe itself makes only `<name>-predictor`, unless there is an ingress."""
        gateway = self.args.serving.gateway
        return k8s.core.v1.Service(
            self.args.name,
            metadata={
                "name": self.args.name,
                "namespace": self.args.namespace,
                "labels": labels(self.args.name, "serving"),
                # Its pods come with the InferenceService, after it.
                "annotations": {"pulumi.com/skipAwait": "true"},
            },
            spec={
                "selector": {"app": f"isvc.{self.args.name}-predictor"},
                "ports": [{"name": "http", "port": 80, "target_port": HTTP_PORT}],
            }
            if gateway is None
            # A name for the gateway: the client's own host reaches it, and the route knows that one.
            else {"type": "ExternalName", "external_name": gateway.host},
            opts=self.child(),
        )


def _with_gpus(predictor: Predictor) -> dict[str, dict[str, str]]:
    """A GPU can't be overcommitted: what is requested is the limit."""
    gpus = {GPU_RESOURCE: str(predictor.gpus)} if predictor.gpus else {}
    return {kind: {**amounts, **gpus} for kind, amounts in predictor.resources.fields().items()}


def _on_gpu_nodes() -> dict[str, Any]:
    """Where the GPUs are, and a rollout that never needs one more: a pod beside the old one would wait for its GPU forever."""
    return {
        "nodeSelector": GPU_LABELS,
        "tolerations": [GPU_TOLERATION.fields()],
        "deploymentStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}},
    }
