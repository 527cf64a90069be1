"""The gate at the end of a deployment: one real answer, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as k8s

from components.base import Args, Component
from components.probe_job import ProbeJobArgs, probe_job
from components.serving.inference_service import InferenceService
from components.serving.model import Part, Question


class SmokeCheckArgs(Args):
    """`image` needs Python 3 and nothing else."""

    part: Part
    image: str


class SmokeCheck(Component):
    """Owns a Job and its identity. Ready when this part of the model runs the wanted version and has answered; a change of either
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
        part, model = args.part, service.model
        environment = {
            "NAMESPACE": model.namespace,
            "NAME": part.name,
            "MODEL": part.version.source or "",
            "IMAGE": part.version.image or service.runtime.image,
            **asked(f"http://{part.host}", model.question),
            **({} if part.percent is None else {"PERCENT": str(part.percent)}),
        }
        job = ProbeJobArgs(
            name=name,
            namespace=model.namespace,
            part_of="serving",
            program="smoke_check",
            modules=["answers", "knative"],
            environment=environment,
            rules=_rules(part),
            image=args.image,
            deadline_seconds=model.entry.ready_within_seconds,
        )
        self.job = probe_job(job, owner=self)
        self.register_outputs({"job": self.job.metadata["name"]})


def asked(origin: str, question: Question) -> dict[str, str]:
    """Return a question as environment variables for the programs in the cluster. `origin`: scheme and host."""
    return {"URL": f"{origin}{question.path}", "REQUEST": question.request or "", "ANSWER": question.answer}


def _rules(part: Part) -> list[k8s.rbac.v1.PolicyRuleArgs]:
    rule = k8s.rbac.v1.PolicyRuleArgs
    predictor = [f"{part.name}-predictor"]
    knative = "serving.knative.dev"
    rollout = (
        [rule(api_groups=["apps"], resources=["deployments"], resource_names=predictor, verbs=["get"])]
        if part.percent is None
        else [
            rule(api_groups=[knative], resources=["services"], resource_names=predictor, verbs=["get"]),
            # A revision's name is known only after it exists.
            rule(api_groups=[knative], resources=["revisions"], verbs=["get"]),
        ]
    )
    return [
        rule(api_groups=["serving.kserve.io"], resources=["inferenceservices"], resource_names=[part.name], verbs=["get"]),
        *rollout,
        rule(api_groups=[""], resources=["pods"], verbs=["list"]),
        rule(api_groups=[""], resources=["pods/log"], verbs=["get"]),
    ]
