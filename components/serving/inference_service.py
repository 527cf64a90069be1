"""A served model: a typed KServe InferenceService for each version, with identity, autoscaler and address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.base import Args, Component, labels
from components.model_access import Access
from components.prometheus import Prometheus
from components.scheduling import GPU_LABELS, GPU_RESOURCE, GPU_TOLERATION
from components.serving import modes
from components.serving.keda import scaled_object
from components.serving.metrics import pod_monitor
from components.serving.model import Model, Part
from components.serving.modes import Front
from components.serving.runtime import ServingRuntime
from components.serving.storage import pod_annotations, reader_account
from components.serving.versions import Version

OWN_IMAGE = "inference-platform/image"


class InferenceServiceArgs(Args):
    """`storage`: the key to the model store, or None if the model does not read it. Without `front` a plain Service is the model's address.

    `prometheus`: the one that scrapes the pods, or None.
    """

    model: Model
    storage: Access | None = None
    front: Front | None = None
    prometheus: Prometheus | None = None


class InferenceService(Component):
    """Owns account and key, the InferenceServices, their ScaledObjects and PodMonitor, and the Service under the users' address.

    Does not wait for the model: an update of a ready InferenceService never satisfies Pulumi's own wait, so a SmokeCheck does.
    KServe owns the Deployments and their replicas; if there is a gateway, a Route owns the way from it to the model.
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
        self.model = args.model
        self.runtime = runtime
        before: list[pulumi.Resource] = [reader_account(self.model.account, args.storage, self), self._address()]
        for part in self.model.parts:
            service = self._part(part, before)
            if self.model.triggers and args.prometheus:
                scaled_object(self.model, part.name, args.prometheus.url, self.child([service]))
        if args.prometheus:
            pod_monitor(self.model, args.prometheus, self.child())
        self.register_outputs({"url": self.model.url})

    def _part(self, part: Part, before: Sequence[pulumi.Resource]) -> k8s.apiextensions.CustomResource:
        model = self.model
        return k8s.apiextensions.CustomResource(
            part.name,
            api_version="serving.kserve.io/v1beta1",
            kind="InferenceService",
            metadata={
                "name": part.name,
                "namespace": model.namespace,
                "labels": {**labels(model.name, "serving"), **modes.visibility(model, self.args.front)},
                "annotations": {**modes.mode_annotations(model), **pod_annotations(self.args.storage), **_own_image(part.version)},
            },
            spec={"predictor": self._predictor(part)},
            opts=pulumi.ResourceOptions.merge(
                self.child(before, delete_before_replace=True),
                # KServe refuses a change of the mode.
                pulumi.ResourceOptions(replace_on_changes=[f'metadata.annotations["{modes.MODE}"]']),
            ),
        )

    def _predictor(self, part: Part) -> dict[str, Any]:
        model, server = self.model, self.model.entry.server
        return {
            "serviceAccountName": model.account.name,
            "automountServiceAccountToken": False,
            "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
            **modes.predictor_fields(model),
            **(_on_gpu_nodes() if server.gpu_count else {}),
            **(self._model(part.version) if part.version.source else self._server(part.version)),
        }

    def _model(self, version: Version) -> dict[str, Any]:
        server = self.model.entry.server
        return {
            "model": {
                "modelFormat": {"name": server.model_format},
                "runtime": self.runtime.name,
                "protocolVersion": server.protocol_spoken.kserve,
                "storageUri": version.source,
                **({"image": version.image} if version.image else {}),
                "resources": _resources(self.model),
            }
        }

    def _server(self, version: Version) -> dict[str, Any]:
        """Return the server's container itself, for a version whose image brings the model (see ServingRuntime)."""
        image = {"image": version.image} if version.image else {}
        container = {**self.runtime.container, **image, "resources": _resources(self.model)}
        return {"containers": [container], "volumes": self.model.entry.server.volumes()}

    def _address(self) -> k8s.core.v1.Service:
        """KServe itself makes only `<name>-predictor`, unless there is an ingress."""
        model, front = self.model, self.args.front
        return k8s.core.v1.Service(
            model.name,
            metadata={
                "name": model.name,
                "namespace": model.namespace,
                "labels": labels(model.name, "serving"),
                # Its pods come with the InferenceService, after it.
                "annotations": {"pulumi.com/skipAwait": "true"},
            },
            spec={
                "selector": {"app": f"isvc.{model.parts[0].name}-predictor"},
                "ports": [{"name": "http", "port": 80, "target_port": model.entry.server.http_port}],
            }
            if front is None
            # An alias of the gateway: it gets the client's original host name, by which the route matches.
            else {"type": "ExternalName", "external_name": front.host},
            opts=self.child(),
        )


def _own_image(version: Version) -> dict[str, str]:
    """Return the annotation that marks a version's own image, because the container shows only which image runs."""
    return {OWN_IMAGE: version.image} if version.image and not version.source else {}


def _resources(model: Model) -> dict[str, dict[str, str]]:
    """A GPU can't be overcommitted: what is requested is the limit."""
    count = model.entry.server.gpu_count
    gpus = {GPU_RESOURCE: str(count)} if count else {}
    return {kind: {**amounts, **gpus} for kind, amounts in model.entry.resources.fields().items()}


def _on_gpu_nodes() -> dict[str, Any]:
    """Put pods on GPU nodes, and replace them without an extra GPU: a new pod beside the old one would wait for its GPU forever."""
    return {
        "nodeSelector": GPU_LABELS,
        "tolerations": [GPU_TOLERATION.fields()],
        "deploymentStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}},
    }
