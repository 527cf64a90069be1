"""Waits until an aggregated API answers: a Job repeats a request until the API server forwards it."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from components.artifacts import Image
from components.base import Args, Component
from components.probe_job import ProbeJobArgs, probe_job

DEADLINE_SECONDS = 150


class ApiGateArgs(Args):
    """`api`: group and version, such as `external.metrics.k8s.io/v1beta1`. `image` needs only Python 3."""

    namespace: str
    api: str
    image: Image


class ApiGate(Component):
    """Owns a Job and its identity. Ready when the API server lists the API's resources; fails with its last answer.

    Pulumi's provider considers an APIService ready once it exists; its certificate and its endpoint come later.
    """

    def __init__(
        self,
        name: str,
        args: ApiGateArgs,
        opts: pulumi.ResourceOptions | None = None,
        after: Sequence[pulumi.Resource | None] = (),
    ) -> None:
        super().__init__(name, opts, after)
        # Every identity may list the available APIs (the cluster role system:discovery), so this one needs no rules.
        job = ProbeJobArgs(
            name=name,
            namespace=args.namespace,
            part_of=args.namespace,
            program="api_probe",
            environment={"API": args.api},
            image=args.image.reference,
            deadline_seconds=DEADLINE_SECONDS,
        )
        self.job = probe_job(job, owner=self)
        self.register_outputs({"job": self.job.metadata["name"]})
