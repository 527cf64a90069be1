"""KServe: the CRDs and the controller that turn an InferenceService into running pods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import pulumi
import pulumi_kubernetes as k8s
from pydantic import Field, model_validator

from components import versions
from components.artifacts import Mirror
from components.base import Args, Component, labels
from components.helm import PlacedValues, Values, placement, release, require_cpu_limit
from components.platform.admission_gate import AdmissionGate, AdmissionGateArgs
from components.platform.cert_manager import CertManager
from components.pods import restricted_namespace
from components.scheduling import Quantities, Resources, Workload

NAMESPACE = "kserve"


RESOURCES = Resources(requests=Quantities(cpu="100m", memory="300Mi"), limits=Quantities(cpu="1", memory="1Gi"))
"""The chart's 300 MiB are too little once the caches hold large CRDs (kserve#681), and 100m of CPU make every start slow."""

SELECTOR = {"control-plane": "kserve-controller-manager"}


class GatewayValues(Values):
    # The platform makes the routes itself; otherwise KServe would create Ingress objects for Standard services that no controller serves.
    disable_ingress_creation: bool = True
    # Without Istio, KServe would point a Service with the InferenceService's name at Istio's gateway, even if the platform's Service has
    # that name (kserve/kserve:pkg/controller/v1beta1/inferenceservice/reconcilers/ingress/ingress_reconciler.go@v0.20.0).
    disable_istio_virtual_host: bool = True


class ControllerValues(PlacedValues):
    image: str
    tag: str
    rbac_proxy_image: str
    deployment_mode: str = "Standard"
    gateway: GatewayValues = GatewayValues()
    resources: dict[str, dict[str, str]]
    topology_spread_constraints: list[dict[str, Any]]
    pod_annotations: dict[str, str] | None


class StorageValues(Values):
    image: str
    tag: str
    resources: dict[str, dict[str, str]] | None


class KServeValues(Values):
    controller: ControllerValues
    storage: StorageValues


class ChartValues(Values):
    """Keys: kserve/kserve:charts/kserve-resources/values.yaml@v0.20.0."""

    kserve: KServeValues


class KServeArgs(Args):
    """`optional_apis`: APIs that KServe looks for only at its start, such as `keda 2.21.0`; it restarts when the list changes.

    `storage_resources`: resources of the init container that downloads a model; None: the chart's 1 GiB. `protect`: protects the CRDs.
    """

    mirror: Mirror
    workload: Workload = Workload()
    optional_apis: list[str] = Field(default_factory=list)
    storage_resources: Resources | None = None
    protect: bool = False

    @model_validator(mode="after")
    def _cpu_limits_are_ours(self) -> Self:
        require_cpu_limit(self.workload.resources, "100m")
        require_cpu_limit(self.storage_resources, "1")
        return self


class KServe(Component):
    """Owns namespace, CRDs and controller of KServe. Ready when its webhooks have admitted an InferenceService.

    `certificates` issues the webhooks' certificate; None if the cluster already has cert-manager. Only the controller waits
    for it; the CRDs are installed at the same time.
    """

    def __init__(
        self,
        name: str,
        args: KServeArgs,
        certificates: CertManager | None,
        opts: pulumi.ResourceOptions | None = None,
        after: Sequence[pulumi.Resource | None] = (),
    ) -> None:
        super().__init__(name, opts, after)
        mirror = args.mirror
        namespace = restricted_namespace(NAMESPACE, labels(NAMESPACE, NAMESPACE), self.child())
        # A separate release: the CRDs must outlive an upgrade of the controller, and Helm never upgrades CRDs in `crds/`.
        self.crds = release(
            versions.KSERVE_CRD_CHART,
            NAMESPACE,
            None,
            mirror,
            timeout_seconds=120,
            opts=self.child([namespace], protect=args.protect or None),
        )
        before = [self.crds, certificates] if certificates else [self.crds]
        self.release = release(
            versions.KSERVE_CHART,
            NAMESPACE,
            _values(args),
            mirror,
            timeout_seconds=args.workload.timeout_seconds,
            opts=self.child(before),
        )
        if args.workload.highly_available:
            self._replicas(args.workload.replicas)
        self.gate = AdmissionGate(
            "kserve-gate",
            AdmissionGateArgs(
                namespace=NAMESPACE,
                webhook_service="kserve-webhook-server-service",
                plural="inferenceservices",
                sample={
                    "apiVersion": "serving.kserve.io/v1beta1",
                    "kind": "InferenceService",
                    "metadata": {"name": "admission-gate", "annotations": {"serving.kserve.io/deploymentMode": "Standard"}},
                    "spec": {"predictor": {"model": {"modelFormat": {"name": "admission-gate"}}}},
                },
                image=mirror.image(versions.KSERVE_STORAGE_INITIALIZER),
            ),
            opts=pulumi.ResourceOptions(parent=self),
            after=[self.release],
        )
        self.register_outputs({"namespace": NAMESPACE})

    def _replicas(self, replicas: int) -> None:
        """The chart has no key for replicas, so an autoscaler owns the number; every replica serves the webhooks, one reconciles."""
        name = SELECTOR["control-plane"]
        metadata: k8s.meta.v1.ObjectMetaArgsDict = {"name": name, "namespace": NAMESPACE, "labels": labels(name, NAMESPACE)}
        k8s.autoscaling.v2.HorizontalPodAutoscaler(
            name,
            metadata=metadata,
            spec={
                "scale_target_ref": {"api_version": "apps/v1", "kind": "Deployment", "name": name},
                "min_replicas": replicas,
                "max_replicas": replicas,
            },
            opts=self.child([self.release]),
        )
        k8s.policy.v1.PodDisruptionBudget(
            name,
            metadata=metadata,
            spec={"max_unavailable": 1, "selector": {"match_labels": SELECTOR}},
            opts=self.child([self.release]),
        )


def _values(args: KServeArgs) -> ChartValues:
    controller = args.mirror.image(versions.KSERVE_CONTROLLER)
    storage = args.mirror.image(versions.KSERVE_STORAGE_INITIALIZER)
    return ChartValues(
        kserve=KServeValues(
            controller=ControllerValues(
                **placement(args.workload),
                image=controller.repository,
                tag=controller.tag_and_digest,
                rbac_proxy_image=args.mirror.image(versions.KUBE_RBAC_PROXY).reference,
                resources=(args.workload.resources or RESOURCES).fields(),
                topology_spread_constraints=args.workload.spread(SELECTOR),
                pod_annotations={"inference-platform/optional-apis": ", ".join(sorted(args.optional_apis))} if args.optional_apis else None,
            ),
            storage=StorageValues(
                image=storage.repository,
                tag=storage.tag_and_digest,
                resources=args.storage_resources.fields() if args.storage_resources else None,
            ),
        )
    )
