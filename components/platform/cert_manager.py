"""cert-manager: issues the webhook certificates for all later components."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
from pydantic import Field

from components import versions
from components.artifacts import Image, Mirror
from components.base import Args, Component, labels
from components.helm import PlacedValues, Values, own_resources, placement, release
from components.platform.admission_gate import AdmissionGate, AdmissionGateArgs
from components.pods import restricted_namespace
from components.scheduling import Workload

NAMESPACE = "cert-manager"


class ImageValues(Values):
    repository: str
    tag: str
    digest: str | None = None


class DisruptionBudgetValues(Values):
    enabled: bool = True
    max_unavailable: int = 1


class WorkloadValues(PlacedValues):
    """Settings of each of the three Deployments; the controller's keys are at the top level."""

    image: ImageValues
    replica_count: int
    topology_spread_constraints: list[dict[str, Any]]
    pod_disruption_budget: DisruptionBudgetValues | None


class SolverValues(Values):
    image: ImageValues


class CrdValues(Values):
    enabled: bool = True
    # A destroy leaves nothing behind. Protect the release if other applications have Certificates.
    keep: bool = False


class StartupCheckValues(Values):
    enabled: bool = False


class LeaderElectionValues(Values):
    """The chart's default is kube-system, where a lease outlives the release, and the next release waits 60 s for its holder."""

    namespace: str = NAMESPACE


class GlobalValues(Values):
    leader_election: LeaderElectionValues = LeaderElectionValues()


class CertManagerValues(WorkloadValues):
    """Keys: cert-manager/cert-manager:deploy/charts/cert-manager/values.yaml@v1.21.2."""

    global_: GlobalValues = Field(GlobalValues(), alias="global")
    resources: dict[str, dict[str, str]] | None
    webhook: WorkloadValues
    cainjector: WorkloadValues
    acmesolver: SolverValues
    crds: CrdValues = CrdValues()
    # The chart's check is a hook with its own image; the gate below proves the same and explains a failure.
    startupapicheck: StartupCheckValues = StartupCheckValues()


class CertManagerArgs(Args):
    """The workload applies to controller, webhook and CA injector each, its `resources` to the controller.

    `protect`: protects the release, and with it the CRDs.
    """

    mirror: Mirror
    workload: Workload = Workload()
    protect: bool = False


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
            _values(args),
            args.mirror,
            timeout_seconds=args.workload.timeout_seconds,
            opts=self.child([namespace], protect=args.protect or None),
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
                # Any image with Python would do; the platform uses this one anyway.
                image=args.mirror.image(versions.KSERVE_STORAGE_INITIALIZER),
            ),
            opts=pulumi.ResourceOptions(parent=self),
            after=[self.release],
        )
        self.register_outputs({"namespace": NAMESPACE})


def _values(args: CertManagerArgs) -> CertManagerValues:
    return CertManagerValues(
        **_running(args, versions.CERT_MANAGER_CONTROLLER, "controller"),
        resources=own_resources(args.workload),
        webhook=WorkloadValues(**_running(args, versions.CERT_MANAGER_WEBHOOK, "webhook")),
        cainjector=WorkloadValues(**_running(args, versions.CERT_MANAGER_CAINJECTOR, "cainjector")),
        # Only pods that solve an ACME challenge pull this image.
        acmesolver=SolverValues(image=_image(args, versions.CERT_MANAGER_ACMESOLVER)),
    )


def _running(args: CertManagerArgs, pin: Image, part: str) -> dict[str, Any]:
    workload = args.workload
    return {
        **placement(workload),
        "image": _image(args, pin),
        "replica_count": workload.replicas,
        "topology_spread_constraints": workload.spread({"app.kubernetes.io/component": part}),
        "pod_disruption_budget": DisruptionBudgetValues() if workload.highly_available else None,
    }


def _image(args: CertManagerArgs, pin: Image) -> ImageValues:
    resolved = args.mirror.image(pin)
    return ImageValues(repository=resolved.repository, tag=resolved.required_tag, digest=resolved.digest)
