"""The address people know, where a gateway stands behind it: one HTTPRoute of ours, and the proof that it answers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.base import Args, Component, labels
from components.identity import Identity, IdentityArgs
from components.job import PROGRAMS, ScriptJobArgs, script_job
from components.serving.gateway import Gateway, KnativeIngress, hostnames

API = "gateway.networking.k8s.io"


class RouteArgs(Args):
    """`url` is asked through the gateway. `completion_model`: None asks for a V1 prediction, else for a completion of this model."""

    name: str
    namespace: str
    gateway: Gateway
    rules: list[dict[str, Any]]
    ingress: KnativeIngress | None
    url: str
    completion_model: str | None
    image: str
    within_seconds: int = 120


class Route(Component):
    """Owns the HTTPRoute, the leave to enter the ingress' namespace where it needs one, and a Job that asks through it.

    Ready when the gateway has accepted the route and an answer came through it; every change of the route is asked again.
    Comes after the versions have answered by themselves, so no request reaches one that can't.
    """

    def __init__(
        self,
        name: str,
        args: RouteArgs,
        opts: pulumi.ResourceOptions | None = None,
        after: Sequence[pulumi.Resource | None] = (),
    ) -> None:
        super().__init__(name, opts, after)
        self.args = args
        grants = [self._grant(args.ingress)] if args.ingress else []
        route = self._route(grants)
        self.job = self._check(name, route)
        self.register_outputs({"url": args.url})

    def _route(self, grants: Sequence[pulumi.Resource]) -> k8s.apiextensions.CustomResource:
        args = self.args
        return k8s.apiextensions.CustomResource(
            args.name,
            api_version=f"{API}/v1",
            kind="HTTPRoute",
            metadata={"name": args.name, "namespace": args.namespace, "labels": labels(args.name, "serving")},
            spec={
                "parentRefs": [{"name": args.gateway.name, "namespace": args.gateway.namespace}],
                "hostnames": hostnames(args.name, args.namespace),
                "rules": args.rules,
            },
            opts=self.child(grants),
        )

    def _grant(self, ingress: KnativeIngress) -> k8s.apiextensions.CustomResource:
        args = self.args
        name = f"{args.namespace}-{args.name}"
        return k8s.apiextensions.CustomResource(
            name,
            api_version=f"{API}/v1beta1",
            kind="ReferenceGrant",
            metadata={"name": name, "namespace": ingress.namespace, "labels": labels(args.name, "serving")},
            spec={
                "from": [{"group": API, "kind": "HTTPRoute", "namespace": args.namespace}],
                "to": [{"group": "", "kind": "Service", "name": ingress.service}],
            },
            opts=self.child(),
        )

    def _check(self, name: str, route: pulumi.Resource) -> k8s.batch.v1.Job:
        args = self.args
        identity = Identity(
            name, IdentityArgs(namespace=args.namespace, rules=_reads_route(args.name)), pulumi.ResourceOptions(parent=self)
        )
        return script_job(
            ScriptJobArgs(
                name=name,
                namespace=args.namespace,
                labels=labels(name, "serving"),
                image=args.image,
                files=[PROGRAMS / "api.py", PROGRAMS / "answers.py", PROGRAMS / "route_check.py"],
                command=["python3", "-u", "-m", "components.in_cluster.route_check"],
                env=[
                    {"name": "NAMESPACE", "value": args.namespace},
                    {"name": "NAME", "value": args.name},
                    {"name": "URL", "value": args.url},
                    {"name": "COMPLETION_MODEL", "value": args.completion_model or ""},
                    # Not read: another route is another Job.
                    {"name": "RULES", "value": json.dumps(args.rules, sort_keys=True)},
                    {"name": "PATIENCE_SECONDS", "value": str(args.within_seconds - 15)},
                ],
                account=identity.account,
                deadline_seconds=args.within_seconds,
            ),
            owner=self,
            depends_on=[identity, route],
        )


def _reads_route(name: str) -> list[k8s.rbac.v1.PolicyRuleArgs]:
    return [k8s.rbac.v1.PolicyRuleArgs(api_groups=[API], resources=["httproutes"], resource_names=[name], verbs=["get"])]
