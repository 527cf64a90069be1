"""The Job that repeats a request until it succeeds: a program of `components/in_cluster` with its own identity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_kubernetes as k8s

from components.base import Args, Component, labels
from components.identity import Identity, IdentityArgs
from components.job import PROGRAMS, ScriptJobArgs, script_job

TO_SAY_WHY_SECONDS = 15
"""The program must end before the Job's deadline, otherwise its reason would be lost."""


class ProbeJobArgs(Args):
    """`program`: a module of `components/in_cluster`, which reads its environment and PATIENCE_SECONDS. `modules`: modules that it
    imports.

    `rules`: its permissions at the API server, in `namespace` only. `image` needs only Python 3.
    """

    name: str
    namespace: str
    part_of: str
    program: str
    modules: Sequence[str] = ()
    environment: Mapping[str, str]
    rules: Sequence[k8s.rbac.v1.PolicyRuleArgs] = ()
    image: str
    deadline_seconds: int


def probe_job(args: ProbeJobArgs, owner: Component, depends_on: Sequence[pulumi.Resource] = ()) -> k8s.batch.v1.Job:
    """Create the identity and the Job, and wait for the Job's end. It runs again when any part of it changes."""
    identity = Identity(
        args.name, IdentityArgs(namespace=args.namespace, rules=args.rules), pulumi.ResourceOptions(parent=owner), owner.after
    )
    environment = {**args.environment, "PATIENCE_SECONDS": str(args.deadline_seconds - TO_SAY_WHY_SECONDS)}
    job = ScriptJobArgs(
        name=args.name,
        namespace=args.namespace,
        labels=labels(args.name, args.part_of),
        image=args.image,
        files=[PROGRAMS / f"{module}.py" for module in ("api", "patience", *args.modules, args.program)],
        command=["python3", "-u", "-m", f"components.in_cluster.{args.program}"],
        env=[{"name": name, "value": value} for name, value in environment.items()],
        account=identity.account,
        deadline_seconds=args.deadline_seconds,
    )
    return script_job(job, owner=owner, depends_on=[identity, *depends_on])
