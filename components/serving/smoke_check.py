"""The gate at the end of a deployment: one real answer, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as k8s

from components.base import Args, Component, labels
from components.identity import Identity, IdentityArgs
from components.job import PROGRAMS, ScriptJobArgs, script_job
from components.serving.inference_service import InferenceService
from components.serving.modes import Part
from components.serving.runtime import ServingRuntime


class SmokeCheckArgs(Args):
    """`image` needs Python 3 and nothing else. `ready_within_seconds`: from now to the first right answer, image pulls included."""

    part: Part
    image: str
    ready_within_seconds: int


class SmokeCheck(Component):
    """Owns a Job and its identity. Ready when this part of the service runs the wanted model and has answered; a change of either
    runs it again. In Knative mode the newest revision must also have its share of the requests.

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
        namespace = service.args.namespace
        identity = Identity(
            name,
            IdentityArgs(namespace=namespace, rules=_rules(args.part)),
            pulumi.ResourceOptions(parent=self),
        )
        self.job = script_job(
            ScriptJobArgs(
                name=name,
                namespace=namespace,
                labels=labels(name, "serving"),
                image=args.image,
                files=[PROGRAMS / file for file in ("api.py", "answers.py", "knative.py", "smoke_check.py")],
                command=["python3", "-u", "-m", "components.in_cluster.smoke_check"],
                env=[
                    {"name": "NAMESPACE", "value": namespace},
                    *_question(args.part, service),
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


def _question(part: Part, service: InferenceService) -> list[dict[str, str]]:
    runtime: ServingRuntime = service.runtime
    values = {
        "NAME": part.name,
        "MODEL": part.model,
        "IMAGE": part.image or runtime.image,
        "URL": f"http://{part.host}{runtime.server.path(service.args.name)}",
        "COMPLETION_MODEL": runtime.server.completion_model,
        "PERCENT": None if part.percent is None else str(part.percent),
    }
    return [{"name": name, "value": value} for name, value in values.items() if value is not None]


def _rules(part: Part) -> list[k8s.rbac.v1.PolicyRuleArgs]:
    rule = k8s.rbac.v1.PolicyRuleArgs
    predictor = [f"{part.name}-predictor"]
    knative = "serving.knative.dev"
    rollout = (
        [rule(api_groups=["apps"], resources=["deployments"], resource_names=predictor, verbs=["get"])]
        if part.percent is None
        else [
            rule(api_groups=[knative], resources=["services"], resource_names=predictor, verbs=["get"]),
            # A revision's name is known only afterwards.
            rule(api_groups=[knative], resources=["revisions"], verbs=["get"]),
        ]
    )
    return [
        rule(api_groups=["serving.kserve.io"], resources=["inferenceservices"], resource_names=[part.name], verbs=["get"]),
        *rollout,
        rule(api_groups=[""], resources=["pods"], verbs=["list"]),
        rule(api_groups=[""], resources=["pods/log"], verbs=["get"]),
    ]
