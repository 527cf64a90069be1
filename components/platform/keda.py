"""KEDA: scales Deployments by Prometheus metrics, through the cluster's external metrics API."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from components import versions
from components.artifacts import Mirror
from components.base import Args, Component, labels
from components.manifest_resources import register
from components.manifest_workloads import run
from components.manifests import Objects, container, load
from components.platform.api_gate import ApiGate, ApiGateArgs
from components.pods import restricted_namespace
from components.scheduling import Workload

NAMESPACE = "keda"
OPERATOR = "keda-operator"
METRICS_API = "external.metrics.k8s.io/v1beta1"
CONTAINERS = (
    (OPERATOR, OPERATOR, versions.KEDA_OPERATOR),
    ("keda-metrics-apiserver", "keda-metrics-apiserver", versions.KEDA_METRICS_SERVER),
    ("keda-admission", "keda-admission-webhooks", versions.KEDA_WEBHOOKS),
)
"""Deployment, its container, and the container's image."""


class KedaArgs(Args):
    """`protect`: protects the CRDs."""

    mirror: Mirror
    workload: Workload = Workload()
    protect: bool = False


class Keda(Component):
    """Owns namespace, CRDs, operator, metrics server and webhooks of KEDA. Ready when the API server serves its metrics API.

    A cluster can have only one server of external metrics: with two, neither is reliable (keda#6475).
    """

    def __init__(
        self,
        name: str,
        args: KedaArgs,
        opts: pulumi.ResourceOptions | None = None,
        after: Sequence[pulumi.Resource | None] = (),
    ) -> None:
        super().__init__(name, opts, after)
        self.objects = register(
            self._objects(args),
            args.mirror,
            owner=self,
            prefix=name,
            timeout_seconds=args.workload.timeout_seconds,
            namespaces=[restricted_namespace(NAMESPACE, labels(NAMESPACE, NAMESPACE), self.child())],
            protect_definitions=args.protect,
        )
        self.gate = ApiGate(
            "keda-gate",
            # Any image with Python would do; the platform uses this one anyway.
            ApiGateArgs(namespace=NAMESPACE, api=METRICS_API, image=args.mirror.image(versions.KSERVE_STORAGE_INITIALIZER)),
            opts=pulumi.ResourceOptions(parent=self),
            after=self.objects,
        )
        self.register_outputs({"namespace": NAMESPACE})

    @staticmethod
    def _objects(args: KedaArgs) -> Objects:
        objects = load([versions.KEDA], args.mirror)
        objects.drop("Namespace", NAMESPACE)
        for deployment, name, image in CONTAINERS:
            # Upstream's policy Always asks the registry at every start, but a pinned version cannot change.
            container(objects.one("Deployment", deployment), name).update(image=image.reference, imagePullPolicy="IfNotPresent")
        run(objects, args.workload)
        if args.workload.resources:
            container(objects.one("Deployment", OPERATOR), OPERATOR)["resources"] = args.workload.resources.fields()
        return objects
