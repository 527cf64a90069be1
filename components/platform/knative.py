"""Knative Serving: revisions, traffic splits and scaling by requests, for InferenceServices in Knative mode."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import pulumi
from pydantic import Field

from components import versions
from components.artifacts import Mirror
from components.base import Args, Component, labels
from components.exposure import Exposure
from components.manifest_resources import register
from components.manifest_workloads import run
from components.manifests import Objects, container, load, pod
from components.platform import knative_settings as settings
from components.platform import kourier
from components.platform.admission_gate import AdmissionGate, AdmissionGateArgs
from components.pods import RESTRICTED_CONTAINER, restricted_namespace
from components.scheduling import Workload

NAMESPACE = "knative-serving"
PART_OF = "knative"
DRAIN_MARGIN_SECONDS = 30
SECURITY = {**RESTRICTED_CONTAINER, "seccompProfile": {"type": "RuntimeDefault"}}


class KnativeArgs(Args):
    """`exposure`: exposure of Kourier to requests from outside the cluster; requests from inside use a separate Service.

    `domain`: domain of the services' own addresses; `svc.cluster.local` keeps them inside the cluster.

    `skipped_registries`: hosts, in addition to the mirror's, whose tags Knative cannot resolve because they require credentials.
    `progress_deadline_seconds`: time limit for a revision to become ready, including image pull, model download and GPU node.
    `max_request_seconds`: longest timeout that a service may set. `protect`: protects the CRDs.
    """

    mirror: Mirror
    workload: Workload = Workload()
    exposure: Exposure = "cluster"
    domain: str = "svc.cluster.local"
    skipped_registries: list[str] = Field(default_factory=list)
    progress_deadline_seconds: Annotated[int, Field(ge=60)] = 1800
    max_request_seconds: Annotated[int, Field(ge=300)] = 1200
    protect: bool = False


class Knative(Component):
    """Owns CRDs, namespaces and controllers of Knative Serving and of its ingress, Kourier.

    Ready when its webhook has admitted a Service.
    """

    def __init__(
        self,
        name: str,
        args: KnativeArgs,
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
            namespaces=[restricted_namespace(each, labels(each, PART_OF), self.child()) for each in (NAMESPACE, kourier.NAMESPACE)],
            protect_definitions=args.protect,
        )
        self.gate = AdmissionGate(
            "knative-gate",
            AdmissionGateArgs(
                namespace=NAMESPACE,
                webhook_service="webhook",
                plural="services",
                sample={
                    "apiVersion": "serving.knative.dev/v1",
                    "kind": "Service",
                    "metadata": {"name": "admission-gate"},
                    # The namespace is restricted, because Knative dry-runs such a pod in it
                    # (knative/serving:pkg/webhook/podspec_dryrun.go).
                    "spec": {"template": {"spec": {"containers": [{"image": "admission-gate", "securityContext": SECURITY}]}}},
                },
                filled_in=["metadata", "annotations", "serving.knative.dev/creator"],
                # Any image with Python would do; the platform uses this one anyway.
                image=args.mirror.image(versions.KSERVE_STORAGE_INITIALIZER),
            ),
            opts=pulumi.ResourceOptions(parent=self),
            after=self.objects,
        )
        self.register_outputs({"namespace": NAMESPACE, "ingressClass": kourier.INGRESS_CLASS})

    @staticmethod
    def _objects(args: KnativeArgs) -> Objects:
        objects = load([versions.KNATIVE_SERVING, versions.KOURIER], args.mirror)
        objects.drop("Namespace", NAMESPACE)
        kourier.edit(objects, args.exposure)
        _leave_the_rules_to_the_webhook(objects)
        _configure(objects, args)
        _mirror_the_queue_proxy(objects, args.mirror)
        run(objects, args.workload)
        if args.workload.resources:
            for name in ("controller", kourier.CONTROLLER):
                container(objects.one("Deployment", name), "controller")["resources"] = args.workload.resources.fields()
        # The activator holds requests, so it must outlive the longest one (see configmaps/defaults.yaml).
        pod(objects.one("Deployment", "activator"))["terminationGracePeriodSeconds"] = args.max_request_seconds + DRAIN_MARGIN_SECONDS
        return objects


def _leave_the_rules_to_the_webhook(objects: Objects) -> None:
    """Drop the webhook's rules: it writes them itself. Different rules in the program would return at every refresh and briefly disable
    it.
    """
    for configuration in objects.of_kind("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"):
        for webhook in configuration["webhooks"]:
            webhook.pop("rules", None)


def _configure(objects: Objects, args: KnativeArgs) -> None:
    """Write settings beside `_example`, never in it: Knative checks that text by a checksum and refuses an edited one."""
    for name, data in (
        ("config-features", settings.FEATURES),
        ("config-deployment", settings.deployment(args.mirror, args.skipped_registries, args.progress_deadline_seconds)),
        ("config-defaults", settings.defaults(args.max_request_seconds)),
        ("config-domain", settings.domain(args.domain)),
        ("config-network", settings.network(kourier.INGRESS_CLASS)),
        ("config-observability", settings.observability()),
    ):
        config = objects.one("ConfigMap", name)
        config["data"] = (config.get("data") or {}) | data


def _mirror_the_queue_proxy(objects: Objects, mirror: Mirror) -> None:
    """The image of the container beside every predictor is in a setting and in an Image object, not in a pod."""
    setting = objects.one("ConfigMap", "config-deployment")["data"]
    setting["queue-sidecar-image"] = mirror.reference(setting["queue-sidecar-image"])
    image = objects.one("Image", "queue-proxy")["spec"]
    image["image"] = mirror.reference(image["image"])
