"""The users' address behind a gateway: one HTTPRoute, and the proof that it answers."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as k8s

from components.base import Args, Component, labels
from components.probe_job import ProbeJobArgs, probe_job
from components.serving.gateway import KnativeIngress, hostnames
from components.serving.model import Model
from components.serving.modes import Front, route_rules
from components.serving.smoke_check import asked

API = "gateway.networking.k8s.io"
WITHIN_SECONDS = 120
"""Seconds for the gateway to accept the route and for one answer through it: the versions behind it have answered already."""


class RouteArgs(Args):
    """`image` needs Python 3 and nothing else; the check runs in it."""

    model: Model
    front: Front
    image: str


class Route(Component):
    """Owns the HTTPRoute, a ReferenceGrant for the ingress' namespace if needed, and a Job that asks through the route.

    Ready when the gateway has accepted the route and an answer came through it; every change of the route is checked again.
    Waits until the versions have answered by themselves, so no request reaches a version that can't answer.
    """

    def __init__(
        self,
        name: str,
        args: RouteArgs,
        opts: pulumi.ResourceOptions | None = None,
        after: Sequence[pulumi.Resource | None] = (),
    ) -> None:
        super().__init__(name, opts, after)
        self.model = args.model
        self.front = args.front
        self.rules = route_rules(args.model, args.front)
        grants = [self._grant(args.front.ingress)] if args.front.ingress else []
        route = self._route(grants)
        self.job = self._check(name, args.image, route)
        self.register_outputs({"url": args.model.url})

    def _route(self, grants: Sequence[pulumi.Resource]) -> k8s.apiextensions.CustomResource:
        model = self.model
        return k8s.apiextensions.CustomResource(
            model.name,
            api_version=f"{API}/v1",
            kind="HTTPRoute",
            metadata={"name": model.name, "namespace": model.namespace, "labels": labels(model.name, "serving")},
            spec={
                "parentRefs": [{"name": self.front.name, "namespace": self.front.namespace}],
                "hostnames": hostnames(model.name, model.namespace),
                "rules": self.rules,
            },
            opts=self.child(grants),
        )

    def _grant(self, ingress: KnativeIngress) -> k8s.apiextensions.CustomResource:
        model = self.model
        name = f"{model.namespace}-{model.name}"
        return k8s.apiextensions.CustomResource(
            name,
            api_version=f"{API}/v1beta1",
            kind="ReferenceGrant",
            metadata={"name": name, "namespace": ingress.namespace, "labels": labels(model.name, "serving")},
            spec={
                "from": [{"group": API, "kind": "HTTPRoute", "namespace": model.namespace}],
                "to": [{"group": "", "kind": "Service", "name": ingress.service}],
            },
            opts=self.child(),
        )

    def _check(self, name: str, image: str, route: pulumi.Resource) -> k8s.batch.v1.Job:
        model = self.model
        environment = {
            "NAMESPACE": model.namespace,
            "NAME": model.name,
            **asked(f"http://{model.host}", model.question),
            # The program does not read it: a changed route makes a new Job.
            "RULES": json.dumps(self.rules, sort_keys=True),
        }
        job = ProbeJobArgs(
            name=name,
            namespace=model.namespace,
            part_of="serving",
            program="route_check",
            modules=["answers"],
            environment=environment,
            rules=_reads_route(model.name),
            image=image,
            deadline_seconds=WITHIN_SECONDS,
        )
        return probe_job(job, owner=self, depends_on=[route])


def _reads_route(name: str) -> list[k8s.rbac.v1.PolicyRuleArgs]:
    return [k8s.rbac.v1.PolicyRuleArgs(api_groups=[API], resources=["httproutes"], resource_names=[name], verbs=["get"])]
