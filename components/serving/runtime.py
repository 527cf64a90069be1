"""How a kind of model is served: image, command line, probes. One runtime per service, in the service's namespace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.base import Args, Component, labels
from components.pods import NON_ROOT_UID
from components.serving.server import HTTP_PORT, V1Server
from components.serving.vllm import VllmServer


class ServingRuntimeArgs(Args):
    """`image` runs `server`; a canary or a version may bring another image of the same kind."""

    namespace: str
    image: str
    server: V1Server | VllmServer


class ServingRuntime(Component):
    """Owns one namespaced ServingRuntime, so that an edit rolls only the services of one namespace. Needs KServe's CRDs.

    An edit rolls its services at once. KServe's `serving.kserve.io/disable-auto-update` does not prevent just that: an
    InferenceService that carries it ignores, once ready, every change of its own too
    (kserve:pkg/controller/v1beta1/inferenceservice/controller.go@v0.20.0). So a new image is tried as a canary or a version first.
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
        self.server = args.server
        self.object = k8s.apiextensions.CustomResource(
            name,
            api_version="serving.kserve.io/v1alpha1",
            kind="ServingRuntime",
            metadata={"name": name, "namespace": args.namespace, "labels": labels(name, "serving")},
            spec={
                # Chosen by name only: a runtime that selects itself could take over another model of the same format.
                "supportedModelFormats": [{"name": args.server.model_format, "version": "1", "autoSelect": False}],
                "protocolVersions": ["v1", "v2"],
                "containers": [_container(args)],
                "volumes": args.server.volumes(),
            },
            opts=self.child(),
        )
        self.register_outputs({"name": name})


def _container(args: ServingRuntimeArgs) -> dict[str, Any]:
    return {
        "name": "kserve-container",
        "image": args.image,
        **args.server.container(),
        "ports": [{"name": "http1", "containerPort": HTTP_PORT, "protocol": "TCP"}],
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": NON_ROOT_UID,
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
