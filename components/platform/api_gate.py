"""Waits until an aggregated API really answers, by evidence: the API server forwards a request to it."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from components.artifacts import Image
from components.base import Args, Component, labels
from components.identity import Identity, IdentityArgs
from components.job import PROGRAMS, ScriptJobArgs, script_job

DEADLINE_SECONDS = 150


class ApiGateArgs(Args):
    """`api`: group and version, such as `external.metrics.k8s.io/v1beta1`. `image` needs Python 3 and nothing else."""

    namespace: str
    api: str
    image: Image


class ApiGate(Component):
    """Owns a Job and its identity. Ready when the API server lists what the API has; fails with its last answer.

    Pulumi's provider takes an APIService for ready once it exists; its certificate and its endpoint come later.
    """

    def __init__(
        self,
        name: str,
        args: ApiGateArgs,
        opts: pulumi.ResourceOptions | None = None,
        after: Sequence[pulumi.Resource | None] = (),
    ) -> None:
        super().__init__(name, opts, after)
        # Every identity may ask which APIs there are (the cluster role system:discovery), so this one needs no rules.
        identity = Identity(name, IdentityArgs(namespace=args.namespace), pulumi.ResourceOptions(parent=self), after)
        self.job = script_job(
            ScriptJobArgs(
                name=name,
                namespace=args.namespace,
                labels=labels(name, args.namespace),
                image=args.image.reference,
                files=[PROGRAMS / "api.py", PROGRAMS / "api_probe.py"],
                command=["python3", "-u", "-m", "components.in_cluster.api_probe"],
                env=[
                    {"name": "API", "value": args.api},
                    # The program must end before the Job's deadline does, or its reason would be lost.
                    {"name": "PATIENCE_SECONDS", "value": str(DEADLINE_SECONDS - 20)},
                ],
                account=identity.account,
                deadline_seconds=DEADLINE_SECONDS,
            ),
            owner=self,
            depends_on=[identity],
        )
        self.register_outputs({"job": self.job.metadata["name"]})
