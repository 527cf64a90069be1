"""Readiness of an object, judged from its status alone. Kinds that are not listed are ready once they exist."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.plugins.kubernetes.documents import Object
from bench.plugins.kubernetes.tokens import Gvk


@dataclass(frozen=True)
class Readiness:
    """`missing` says in one line what the object still lacks; `failed` means that it will never be ready."""

    missing: str = ""
    failed: bool = False

    @property
    def ready(self) -> bool:
        return not self.missing


READY = Readiness()


def conditions(obj: Object) -> dict[str, dict[str, Any]]:
    return {entry["type"]: entry for entry in (obj.get("status") or {}).get("conditions") or []}


def condition_is(obj: Object, name: str, status: str = "True") -> bool:
    return conditions(obj).get(name, {}).get("status") == status


def readiness(gvk: Gvk, obj: Object) -> Readiness:
    """Judge one live object."""
    judge = _JUDGES.get((gvk.group, gvk.kind))
    return judge(obj) if judge else READY


def _observed(obj: Object) -> bool:
    return int((obj.get("status") or {}).get("observedGeneration") or 0) >= int(obj["metadata"].get("generation") or 0)


def _deployment(obj: Object) -> Readiness:
    status, wanted = obj.get("status") or {}, obj["spec"].get("replicas", 1)
    if not _observed(obj):
        return Readiness("the deployment controller has not seen the change yet")
    updated, total, available = (status.get(name) or 0 for name in ("updatedReplicas", "replicas", "availableReplicas"))
    if updated < wanted:
        return Readiness(f"{updated} of {wanted} replicas run the new version")
    if total > updated:
        return Readiness(f"{total - updated} replicas of the old version still run")
    if available < updated:
        return Readiness(f"{available} of {wanted} replicas are available")
    return READY


def _stateful_set(obj: Object) -> Readiness:
    status, spec = obj.get("status") or {}, obj["spec"]
    wanted = spec.get("replicas", 1)
    if not _observed(obj):
        return Readiness("the stateful set controller has not seen the change yet")
    strategy = spec.get("updateStrategy") or {}
    partition = (strategy.get("rollingUpdate") or {}).get("partition") or 0
    updated = status.get("updatedReplicas") or 0
    if strategy.get("type") != "OnDelete" and updated < wanted - partition:
        return Readiness(f"{updated} of {wanted - partition} replicas run the new version")
    ready = status.get("readyReplicas") or 0
    return READY if ready >= wanted else Readiness(f"{ready} of {wanted} replicas are ready")


def _daemon_set(obj: Object) -> Readiness:
    status = obj.get("status") or {}
    if not _observed(obj):
        return Readiness("the daemon set controller has not seen the change yet")
    wanted = status.get("desiredNumberScheduled") or 0
    updated, available = status.get("updatedNumberScheduled") or 0, status.get("numberAvailable") or 0
    if (obj["spec"].get("updateStrategy") or {}).get("type") != "OnDelete" and updated < wanted:
        return Readiness(f"{updated} of {wanted} nodes run the new version")
    return READY if available >= wanted else Readiness(f"available on {available} of {wanted} nodes")


def _job(obj: Object) -> Readiness:
    if condition_is(obj, "Complete"):
        return READY
    failure = conditions(obj).get("Failed") or {}
    if failure.get("status") == "True":
        return Readiness(f"the job failed: {failure.get('reason', '')}: {failure.get('message', '')}", failed=True)
    return Readiness("the job has not completed")


def _pod(obj: Object) -> Readiness:
    phase = (obj.get("status") or {}).get("phase")
    if phase == "Succeeded" or condition_is(obj, "Ready"):
        return READY
    if phase == "Failed":
        return Readiness("the pod failed", failed=True)
    waiting = conditions(obj).get("PodScheduled") or {}
    detail = f": {waiting['message']}" if waiting.get("status") == "False" and waiting.get("message") else ""
    return Readiness(f"the pod is not ready{detail}")


def _namespace(obj: Object) -> Readiness:
    phase = (obj.get("status") or {}).get("phase")
    return READY if phase == "Active" else Readiness(f"the namespace is {phase or 'not active yet'}")


def _definition(obj: Object) -> Readiness:
    refused = conditions(obj).get("NamesAccepted") or {}
    if refused.get("status") == "False":
        return Readiness(f"its names are taken: {refused.get('message', '')}", failed=True)
    return READY if condition_is(obj, "Established") else Readiness("the definition is not established")


_JUDGES: dict[tuple[str, str], Callable[[Object], Readiness]] = {
    ("", "Namespace"): _namespace,
    ("", "Pod"): _pod,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _definition,
    ("apps", "DaemonSet"): _daemon_set,
    ("apps", "Deployment"): _deployment,
    ("apps", "StatefulSet"): _stateful_set,
    ("batch", "Job"): _job,
}
