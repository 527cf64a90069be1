"""How a model is served: image, command line, probes. One runtime for each model, in the model's namespace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.base import Args, Component, labels
from components.pods import NON_ROOT_UID, restricted, secret_data
from components.serving.model import Model


class ServingRuntimeArgs(Args):
    """`image` runs the model's server; a version may bring another image of the same kind."""

    model: Model
    image: str


class ServingRuntime(Component):
    """Owns one namespaced ServingRuntime, so that an edit rolls one model only, and the Secret of its environment. Needs KServe's CRDs.

    A model without files has no ServingRuntime: KServe takes an InferenceService that names one, and no storage, for a server of many
    models, and adds an agent that downloads them (kserve:pkg/controller/v1beta1/inferenceservice/utils/utils.go@v0.20.0, IsMMSPredictor).
    Its InferenceServices hold `container` themselves.

    An edit rolls the model at once. KServe's `serving.kserve.io/disable-auto-update` does not prevent just that: an
    InferenceService that carries it ignores, once ready, every change of its own too
    (kserve:pkg/controller/v1beta1/inferenceservice/controller.go@v0.20.0). So a new image is tried as a version first.
    """

    def __init__(
        self,
        name: str,
        args: ServingRuntimeArgs,
        opts: pulumi.ResourceOptions | None = None,
        after: Sequence[pulumi.Resource | None] = (),
    ) -> None:
        super().__init__(name, opts, after)
        self.name = name
        self.image = args.image
        self.args = args
        environment = self._environment()
        if args.model.entry.sources:
            self._object(environment)
        self.register_outputs({"name": name})

    def _object(self, environment: Sequence[pulumi.Resource]) -> None:
        model, server = self.args.model, self.args.model.entry.server
        k8s.apiextensions.CustomResource(
            self.name,
            api_version="serving.kserve.io/v1alpha1",
            kind="ServingRuntime",
            metadata={"name": self.name, "namespace": model.namespace, "labels": labels(model.name, "serving")},
            spec={
                # Chosen by name only: an auto-selected runtime could take over another model of the same format.
                "supportedModelFormats": [{"name": server.model_format, "version": "1", "autoSelect": False}],
                "protocolVersions": ["v1", "v2"],
                "containers": [self.container],
                "volumes": server.volumes(),
            },
            opts=self.child(environment),
        )

    @property
    def container(self) -> dict[str, Any]:
        """The model server's container, without its resources."""
        server = self.args.model.entry.server
        container = server.container(self.args.model.name)
        secret = [
            {"name": name, "valueFrom": {"secretKeyRef": {"name": self._secret_name, "key": name}}} for name in sorted(server.secrets)
        ]
        return {
            "name": "kserve-container",
            "image": self.args.image,
            **container,
            "env": [*container.get("env", []), *secret],
            "ports": [{"name": "http1", "containerPort": server.http_port, "protocol": "TCP"}],
            "securityContext": restricted(NON_ROOT_UID),
        }

    def _environment(self) -> list[pulumi.Resource]:
        model = self.args.model
        secrets = model.entry.server.secrets
        if not secrets:
            return []
        return [
            k8s.core.v1.Secret(
                self._secret_name,
                metadata={"name": self._secret_name, "namespace": model.namespace, "labels": labels(model.name, "serving")},
                data={name: value.apply(secret_data) for name, value in secrets.items()},
                opts=self.child(),
            )
        ]

    @property
    def _secret_name(self) -> str:
        return f"{self.args.model.name}-environment"
