"""Waits until an admission webhook answers: a Job repeats a dry run of a sample object until the webhook accepts it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
from pydantic import Field

from components.artifacts import Image
from components.base import Args, Component
from components.probe_job import ProbeJobArgs, probe_job

DEADLINE_SECONDS = 150


class AdmissionGateArgs(Args):
    """`image` needs only Python 3. `sample` is never stored, because the request is a dry run.

    `filled_in`: path of a field that only the webhook writes, for a sample that the API server would accept without the webhook.
    """

    namespace: str
    webhook_service: str
    plural: str
    sample: dict[str, Any]
    filled_in: list[str] = Field(default_factory=list)
    image: Image


class AdmissionGate(Component):
    """Owns a Job and its identity. Ready when the webhook has admitted a sample object; fails with its last answer.

    An Available Deployment is no proof: its endpoints and the CA in the webhook configuration come later,
    and until then every object of that kind is refused (kserve#5037, kserve#3102).
    """

    def __init__(
        self,
        name: str,
        args: AdmissionGateArgs,
        opts: pulumi.ResourceOptions | None = None,
        after: Sequence[pulumi.Resource | None] = (),
    ) -> None:
        super().__init__(name, opts, after)
        job = ProbeJobArgs(
            name=name,
            namespace=args.namespace,
            part_of=args.namespace,
            program="admission_probe",
            environment={
                "NAMESPACE": args.namespace,
                "WEBHOOK_SERVICE": args.webhook_service,
                "PLURAL": args.plural,
                "SAMPLE": json.dumps(args.sample, sort_keys=True),
                "FILLED_IN": json.dumps(args.filled_in),
            },
            rules=self._rules(args),
            image=args.image.reference,
            deadline_seconds=DEADLINE_SECONDS,
        )
        self.job = probe_job(job, owner=self)
        self.register_outputs({"job": self.job.metadata["name"]})

    @staticmethod
    def _rules(args: AdmissionGateArgs) -> list[k8s.rbac.v1.PolicyRuleArgs]:
        group = str(args.sample["apiVersion"]).rpartition("/")[0]
        return [
            k8s.rbac.v1.PolicyRuleArgs(api_groups=["discovery.k8s.io"], resources=["endpointslices"], verbs=["list"]),
            # RBAC cannot grant only dry runs; the right is limited to this namespace, which contains no such objects.
            k8s.rbac.v1.PolicyRuleArgs(api_groups=[group], resources=[args.plural], verbs=["create"]),
        ]
