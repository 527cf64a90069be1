"""KServe: the CRDs and the controller that turn an InferenceService into running pods."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from components import versions
from components.artifacts import Image, Mirror
from components.base import Args, Component, labels
from components.helm import Values, release
from components.platform.admission_gate import AdmissionGate, AdmissionGateArgs
from components.platform.cert_manager import CertManager
from components.pods import restricted_namespace

NAMESPACE = "kserve"


class GatewayValues(Values):
    # There is no ingress yet; without this KServe would create Ingress objects that nothing serves.
    disable_ingress_creation: bool = True


class Quantities(Values):
    cpu: str
    memory: str


class ResourceValues(Values):
    requests: Quantities
    limits: Quantities


class ControllerValues(Values):
    image: str
    tag: str
    rbac_proxy_image: str
    deployment_mode: str = "Standard"
    gateway: GatewayValues = GatewayValues()
    # The chart's 300 MiB are too little once the caches hold large CRDs (kserve#681), and 100m of CPU makes every start slow.
    resources: ResourceValues = ResourceValues(requests=Quantities(cpu="100m", memory="300Mi"), limits=Quantities(cpu="1", memory="1Gi"))


class StorageValues(Values):
    image: str
    tag: str


class KServeValues(Values):
    controller: ControllerValues
    storage: StorageValues


class ChartValues(Values):
    kserve: KServeValues


class KServeArgs(Args):
    mirror: Mirror


class KServe(Component):
    """Owns namespace, CRDs and controller of KServe. Ready when its webhooks have admitted an InferenceService.

    `certificates` issues the webhooks' certificate; None when the cluster brings cert-manager along. Only the controller waits
    for it: the CRDs are installed beside it.
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
        # A release of their own: the CRDs must outlive an upgrade of the controller, and in Helm's `crds/` they would never be upgraded.
        self.crds = release(versions.KSERVE_CRD_CHART, NAMESPACE, None, mirror, timeout_seconds=120, opts=self.child([namespace]))
        before = [self.crds, certificates] if certificates else [self.crds]
        self.release = release(versions.KSERVE_CHART, NAMESPACE, self._values(mirror), mirror, timeout_seconds=300, opts=self.child(before))
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

    @staticmethod
    def _values(mirror: Mirror) -> ChartValues:
        controller = mirror.image(versions.KSERVE_CONTROLLER)
        storage = mirror.image(versions.KSERVE_STORAGE_INITIALIZER)
        return ChartValues(
            kserve=KServeValues(
                controller=ControllerValues(
                    image=controller.repository,
                    tag=_tag(controller),
                    rbac_proxy_image=mirror.image(versions.KUBE_RBAC_PROXY).reference,
                ),
                storage=StorageValues(image=storage.repository, tag=_tag(storage)),
            )
        )


def _tag(image: Image) -> str:
    """The chart joins image and tag by a colon and knows no digest of its own."""
    return f"{image.tag}@{image.digest}" if image.digest else image.tag
