"""cert-manager: issues the certificates of the webhooks of everything that comes after it."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from components import versions
from components.artifacts import Image, Mirror
from components.base import Args, Component, labels
from components.helm import Values, release
from components.platform.admission_gate import AdmissionGate, AdmissionGateArgs
from components.pods import restricted_namespace

NAMESPACE = "cert-manager"


class ImageValues(Values):
    repository: str
    tag: str
    digest: str | None = None


class WorkloadValues(Values):
    image: ImageValues


class CrdValues(Values):
    enabled: bool = True
    # A destroy leaves nothing behind. Where Certificates of others depend on them, protect the release instead.
    keep: bool = False


class StartupCheckValues(Values):
    enabled: bool = False


class CertManagerValues(Values):
    image: ImageValues
    webhook: WorkloadValues
    cainjector: WorkloadValues
    acmesolver: WorkloadValues
    crds: CrdValues = CrdValues()
    # A chart hook with an image of its own; the gate below proves the same and says why when it fails.
    startupapicheck: StartupCheckValues = StartupCheckValues()


class CertManagerArgs(Args):
    mirror: Mirror


class CertManager(Component):
    """Owns namespace, CRDs and release of cert-manager. Ready when its webhook has admitted a Certificate."""

    def __init__(
        self,
        name: str,
        args: CertManagerArgs,
        opts: pulumi.ResourceOptions | None = None,
        after: Sequence[pulumi.Resource | None] = (),
    ) -> None:
        super().__init__(name, opts, after)
        namespace = restricted_namespace(NAMESPACE, labels(NAMESPACE, NAMESPACE), self.child())
        self.release = release(
            versions.CERT_MANAGER_CHART,
            NAMESPACE,
            self._values(args.mirror),
            args.mirror,
            timeout_seconds=300,
            opts=self.child([namespace]),
        )
        self.gate = AdmissionGate(
            "cert-manager-gate",
            AdmissionGateArgs(
                namespace=NAMESPACE,
                webhook_service="cert-manager-webhook",
                plural="certificates",
                sample={
                    "apiVersion": "cert-manager.io/v1",
                    "kind": "Certificate",
                    "metadata": {"name": "admission-gate"},
                    "spec": {"secretName": "admission-gate", "dnsNames": ["admission-gate"], "issuerRef": {"name": "admission-gate"}},
                },
                # Any image with Python would do; this one is part of the platform anyway.
                image=args.mirror.image(versions.KSERVE_STORAGE_INITIALIZER),
            ),
            opts=pulumi.ResourceOptions(parent=self),
            after=[self.release],
        )
        self.register_outputs({"namespace": NAMESPACE})

    @staticmethod
    def _values(mirror: Mirror) -> CertManagerValues:
        def image(pin: Image) -> ImageValues:
            resolved = mirror.image(pin)
            return ImageValues(repository=resolved.repository, tag=resolved.tag, digest=resolved.digest)

        return CertManagerValues(
            image=image(versions.CERT_MANAGER_CONTROLLER),
            webhook=WorkloadValues(image=image(versions.CERT_MANAGER_WEBHOOK)),
            cainjector=WorkloadValues(image=image(versions.CERT_MANAGER_CAINJECTOR)),
            # Named now, pulled only by pods that solve an ACME challenge.
            acmesolver=WorkloadValues(image=image(versions.CERT_MANAGER_ACMESOLVER)),
        )
