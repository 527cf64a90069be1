"""How a kind of model is served: image, command line, probes. One runtime per model family, in the service's namespace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.base import Args, Component, labels
from components.pods import NON_ROOT_UID

HTTP_PORT = 8080


class ServingRuntimeArgs(Args):
    """`image` takes KServe's usual arguments (`--model_name`, `--model_dir`, `--http_port`) and answers the V1 protocol.

    `start_seconds`: how long one container may take to load its model before it is restarted.
    """

    namespace: str
    image: str
    model_format: str
    start_seconds: int = 120


class ServingRuntime(Component):
    """Owns one namespaced ServingRuntime, so that an edit rolls only the services of one namespace. Needs KServe's CRDs."""

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
        self.model_format = args.model_format
        self.object = k8s.apiextensions.CustomResource(
            name,
            api_version="serving.kserve.io/v1alpha1",
            kind="ServingRuntime",
            metadata={"name": name, "namespace": args.namespace, "labels": labels(name, "serving")},
            spec={
                # Chosen by name only: a runtime that selects itself could take over another model of the same format.
                "supportedModelFormats": [{"name": args.model_format, "version": "1", "autoSelect": False}],
                "protocolVersions": ["v1", "v2"],
                "containers": [_container(args)],
                "volumes": [{"name": "tmp", "emptyDir": {}}],
            },
            opts=self.child(),
        )
        self.register_outputs({"name": name})


def _container(args: ServingRuntimeArgs) -> dict[str, Any]:
    """KServe fills in the resources of the InferenceService and `{{.Name}}`, the InferenceService's name."""
    ready = {"httpGet": {"path": "/v1/models/{{.Name}}", "port": HTTP_PORT}}
    return {
        "name": "kserve-container",
        "image": args.image,
        "args": ["--model_name={{.Name}}", "--model_dir=/mnt/models", f"--http_port={HTTP_PORT}"],
        "env": [
            # The server sizes its threads by the limit: the node's CPUs, which it would see otherwise, are not its own.
            {"name": "CPU_LIMIT", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "1"}}},
        ],
        "ports": [{"name": "http1", "containerPort": HTTP_PORT, "protocol": "TCP"}],
        "startupProbe": {**ready, "periodSeconds": 1, "timeoutSeconds": 2, "failureThreshold": args.start_seconds},
        "readinessProbe": {**ready, "periodSeconds": 5, "timeoutSeconds": 2, "failureThreshold": 2},
        "livenessProbe": {"httpGet": {"path": "/", "port": HTTP_PORT}, "periodSeconds": 10, "timeoutSeconds": 5, "failureThreshold": 6},
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": NON_ROOT_UID,
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 - a volume of the pod's own
    }
