"""The gate at the end of a deployment: one real prediction, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as k8s

from components.base import Args, Component, labels
from components.identity import Identity, IdentityArgs
from components.job import PROGRAMS, ScriptJobArgs, script_job
from components.serving.inference_service import InferenceService


class SmokeCheckArgs(Args):
    """`image` needs Python 3 and nothing else. `ready_within_seconds`: from now to the first right answer, image pulls included."""

    image: str
    ready_within_seconds: int


class SmokeCheck(Component):
    """Owns a Job and its identity. Ready when the service runs the wanted model and has answered; a change of either runs it again.

    Ends early when a failure is certain, with KServe's conditions and the last words of the container that failed.
    """

    def __init__(
        self,
        name: str,
        args: SmokeCheckArgs,
        service: InferenceService,
        opts: pulumi.ResourceOptions | None = None,
        after: Sequence[pulumi.Resource | None] = (),
    ) -> None:
        super().__init__(name, opts, [service, *after])
        target = service.args
        identity = Identity(
            name,
            IdentityArgs(namespace=target.namespace, rules=_rules(target.name)),
            pulumi.ResourceOptions(parent=self),
        )
        self.job = script_job(
            ScriptJobArgs(
                name=name,
                namespace=target.namespace,
                labels=labels(name, "serving"),
                image=args.image,
                files=[PROGRAMS / "api.py", PROGRAMS / "smoke_check.py"],
                command=["python3", "-u", "-m", "components.in_cluster.smoke_check"],
                env=[
                    {"name": "NAMESPACE", "value": target.namespace},
                    {"name": "NAME", "value": target.name},
                    {"name": "MODEL", "value": target.predictor.model},
                    {"name": "IMAGE", "value": service.runtime.image},
                    {"name": "URL", "value": service.url},
                    # The program must end before the Job's deadline does, or its reason would be lost.
                    {"name": "PATIENCE_SECONDS", "value": str(args.ready_within_seconds - 15)},
                ],
                account=identity.account,
                deadline_seconds=args.ready_within_seconds,
            ),
            owner=self,
            depends_on=[identity],
        )
        self.register_outputs({"job": self.job.metadata["name"]})


def _rules(name: str) -> list[k8s.rbac.v1.PolicyRuleArgs]:
    return [
        k8s.rbac.v1.PolicyRuleArgs(api_groups=["serving.kserve.io"], resources=["inferenceservices"], resource_names=[name], verbs=["get"]),
        k8s.rbac.v1.PolicyRuleArgs(api_groups=["apps"], resources=["deployments"], resource_names=[f"{name}-predictor"], verbs=["get"]),
        k8s.rbac.v1.PolicyRuleArgs(api_groups=[""], resources=["pods"], verbs=["list"]),
        k8s.rbac.v1.PolicyRuleArgs(api_groups=[""], resources=["pods/log"], verbs=["get"]),
    ]
