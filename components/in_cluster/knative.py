"""State of a Knative Service's newest revision: it is the wanted one, it is ready, and it has its share of the requests."""

from typing import Any

from components.in_cluster import api

REVISION = "serving.knative.dev/revision"
CERTAIN = {"ContainerMissing"}
"""Reasons of a revision that only a change of the specification ends: its image can't be found."""


def service(namespace: str, name: str) -> dict[str, Any] | None:
    return api.find(f"/apis/serving.knative.dev/v1/namespaces/{namespace}/services/{name}")


def newest_revision(namespace: str, found: dict[str, Any]) -> dict[str, Any] | None:
    """Return None until Knative has processed the Service's latest change."""
    status = found.get("status", {})
    name = status.get("latestCreatedRevisionName")
    if not name or status.get("observedGeneration", 0) < found["metadata"]["generation"]:
        return None
    return api.find(f"/apis/serving.knative.dev/v1/namespaces/{namespace}/revisions/{name}")


def revision_of(pod: dict[str, Any]) -> str | None:
    name: str | None = pod["metadata"].get("labels", {}).get(REVISION)
    return name


def not_ready(revision: dict[str, Any]) -> str | None:
    condition = ready_condition(revision)
    if condition.get("status") == "True":
        return None
    return f"revision {revision['metadata']['name']} is not ready: {condition.get('reason', '')} {condition.get('message', '')}".rstrip()


def certainly_failed(revision: dict[str, Any]) -> bool:
    condition = ready_condition(revision)
    return condition.get("status") == "False" and condition.get("reason") in CERTAIN


def ready_condition(revision: dict[str, Any]) -> dict[str, Any]:
    return _condition(revision, "Ready")


def not_routed(found: dict[str, Any]) -> str | None:
    """Return None if the ingress follows the Service's traffic; the status has the traffic before the ingress gets it."""
    condition = _condition(found, "RoutesReady")
    if condition.get("status") == "True":
        return None
    return f"the ingress does not lead to it yet: {condition.get('reason', '')} {condition.get('message', '')}".rstrip()


def _condition(item: dict[str, Any], kind: str) -> dict[str, Any]:
    conditions = item.get("status", {}).get("conditions", [])
    return next((condition for condition in conditions if condition["type"] == kind), {})


def wrong_share(found: dict[str, Any], revision: str, percent: int) -> str | None:
    """Return None if the revision gets `percent` of the requests, else the reason."""
    traffic = found.get("status", {}).get("traffic", [])
    actual = sum(target.get("percent") or 0 for target in traffic if target.get("revisionName") == revision)
    if actual == percent:
        return None
    return f"revision {revision} gets {actual} % of the requests, not {percent}; the others are {_others(traffic, revision)}"


def _others(traffic: list[dict[str, Any]], revision: str) -> str:
    others = [str(target.get("revisionName")) for target in traffic if target.get("revisionName") != revision]
    return ", ".join(others) or "none: KServe splits nothing before a version has had all requests"
