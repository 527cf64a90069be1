"""Notes about running nodes: how many a plan replaces, and whether it could shrink a pool."""

from __future__ import annotations

from collections.abc import Iterator

from policies.node_pools import NODE_CLASS, NODE_GROUP, NODE_POOL
from scripts.preview.plan import Change, Plan

RUNBOOK = "docs/runbooks/node-pools.md"
ROLLING = ("launchTemplate", "releaseVersion", "version")
"""Properties whose change makes EKS replace every node of the group, one after the other."""

LIMITS = ("scalingConfig.maxSize", "scalingConfig.minSize")

DRIFTING = {NODE_CLASS: "spec.", NODE_POOL: "spec.template."}
"""Karpenter's objects, and the part of each whose change makes nodes that it started before differ from what is wanted."""


def notes(stack: str, plan: Plan) -> Iterator[str]:
    """Yield one sentence for each pool whose nodes are replaced, and for each whose limits change."""
    for change in plan.changes:
        if change.type == NODE_GROUP and change.operation == "update":
            yield from _notes(stack, change, plan)
        if change.type in DRIFTING and change.operation == "update":
            yield from _drift(change)


def _drift(change: Change) -> Iterator[str]:
    if drifting := [path for path in change.paths if path.startswith(DRIFTING[change.type])]:
        yield (
            f"{change.name.rpartition('::')[2]}: Karpenter replaces every running node that differs, one after the other, "
            f"because of {', '.join(drifting)} ({RUNBOOK})."
        )


def _notes(stack: str, change: Change, plan: Plan) -> Iterator[str]:
    pool = change.name.rpartition("::")[2]
    if rolling := [path for path in change.paths if path.startswith(ROLLING)]:
        scaling = plan.inputs.get(change.urn, {}).get("scalingConfig", {})
        most = scaling.get("maxSize", 0)
        yield (
            f"pool {pool}: every running node is replaced, up to {most:g} of them, because of {', '.join(rolling)}. "
            f"The launch template's own update says why; a changed tag is such a reason ({RUNBOOK})."
        )
    if any(path.startswith(LIMITS) for path in change.paths):
        yield (
            f"pool {pool}: its limits change, and Pulumi sends the size of the last `up` with them. "
            f"`make deploy STACK={stack}` keeps the running nodes; {RUNBOOK} is the way by hand."
        )
