"""One model, served: a typed KServe InferenceService with its identity, its key to the store and its address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.base import Args, Component, labels
from components.model_access import Access, Account
from components.scheduling import Resources
from components.serving.autoscaling import CpuAutoscaling
from components.serving.runtime import HTTP_PORT, ServingRuntime
from components.serving.storage import pod_annotations, reader_account

DRAIN_SECONDS = 40
"""The server answers on for 5 s after SIGTERM and then gives requests in flight 30 s (images/mnist/server.py)."""


class Standard(Args):
    """Plain Deployments, made by KServe. What only Knative mode knows (concurrency, canary percent) can't be written here."""

    autoscaling: CpuAutoscaling

    def annotations(self) -> dict[str, str]:
        # Written always: the cluster's default is another mode, and KServe validates by this annotation.
        return {"serving.kserve.io/deploymentMode": "Standard", **self.autoscaling.annotations()}

    def predictor_fields(self) -> dict[str, object]:
        return self.autoscaling.predictor_fields()


Serving = Standard
"""The serving modes, each with its own autoscaling and rollout; a further mode joins as a union."""


class Predictor(Args):
    """What runs: the model's address in the store, and how much of the machine each replica gets."""

    model: str
    storage: Access
    resources: Resources


class InferenceServiceArgs(Args):
    name: str
    namespace: str
    predictor: Predictor
    serving: Serving

    @property
    def account(self) -> Account:
        return Account(namespace=self.namespace, name=self.name)


class InferenceService(Component):
    """Owns Secret, ServiceAccount, InferenceService and the Service under the address people know.

    Does not wait for the model: an update of a ready InferenceService never satisfies Pulumi's own wait, so a SmokeCheck does.
    KServe owns the Deployment, its replicas and the autoscaler.
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
        self.url = f"http://{args.name}.{args.namespace}.svc.cluster.local/v1/models/{args.name}:predict"
        account = reader_account(args.account, args.predictor.storage, self)
        address = self._address()
        self.object = k8s.apiextensions.CustomResource(
            args.name,
            api_version="serving.kserve.io/v1beta1",
            kind="InferenceService",
            metadata={**self._metadata(), "annotations": {**args.serving.annotations(), **pod_annotations(args.predictor.storage)}},
            spec={"predictor": self._predictor()},
            opts=self.child([account, address]),
        )
        self.register_outputs({"url": self.url})

    def _metadata(self) -> dict[str, Any]:
        return {"name": self.args.name, "namespace": self.args.namespace, "labels": labels(self.args.name, "serving")}

    def _predictor(self) -> dict[str, Any]:
        predictor = self.args.predictor
        return {
            "serviceAccountName": self.args.name,
            "automountServiceAccountToken": False,
            "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
            "terminationGracePeriodSeconds": DRAIN_SECONDS,
            **self.args.serving.predictor_fields(),
            "model": {
                "modelFormat": {"name": self.runtime.model_format},
                "runtime": self.runtime.name,
                "protocolVersion": "v1",
                "storageUri": predictor.model,
                "resources": predictor.resources.fields(),
            },
        }

    def _address(self) -> k8s.core.v1.Service:
        """KServe itself makes only `<name>-predictor`, unless there is an ingress."""
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
            },
            opts=self.child(),
        )
