"""Reasons why an object is not ready, one per line: conditions, containers, termination messages, recent warnings."""

from __future__ import annotations

from typing import Any

from bench.plugins.errors import PluginError
from bench.plugins.kubernetes import naming
from bench.plugins.kubernetes.await_.readiness import conditions
from bench.plugins.kubernetes.cluster import Cluster
from bench.plugins.kubernetes.documents import Object
from bench.plugins.kubernetes.tokens import Gvk

_POD = Gvk("", "v1", "Pod")
_EVENT = Gvk("", "v1", "Event")
_MAX_PODS = 3
_MAX_EVENTS = 5
_LOG_LINES = 10
_GOOD_WHEN_FALSE = {"ReplicaFailure", "Failed", "FailureTarget", "Suspended"}


def explain(cluster: Cluster, gvk: Gvk, live: Object) -> list[str]:
    """Reasons, most useful first. Never raises, because a missing explanation must not hide the failure."""
    reasons = _conditions(live)
    try:
        pods = [live] if gvk == _POD else _pods(cluster, gvk, live)
        for pod in sorted(pods, key=_has_problem, reverse=True)[:_MAX_PODS]:
            reasons += [f"[Pod {naming.object_id(pod)}] {line}" for line in _containers(cluster, pod)]
        reasons += _events(cluster, live, pods)
    except PluginError as error:
        reasons.append(f"(no more details: {error})")
    return list(dict.fromkeys(reasons))


def _conditions(obj: Object) -> list[str]:
    lines = []
    for name, entry in conditions(obj).items():
        good = "False" if name in _GOOD_WHEN_FALSE else "True"
        if entry.get("status") != good and (entry.get("message") or entry.get("reason")):
            lines.append(f"[{name}={entry.get('status')}] {entry.get('reason', '')}: {entry.get('message', '')}".rstrip(": "))
    return lines


def _pods(cluster: Cluster, gvk: Gvk, obj: Object) -> list[Object]:
    if gvk.kind == "Job":
        labels = {"batch.kubernetes.io/job-name": obj["metadata"]["name"]}
    else:
        selector = (obj.get("spec") or {}).get("selector") or {}
        labels = selector if gvk.kind == "Service" else selector.get("matchLabels") or {}
    if not labels or gvk.group not in {"", "apps", "batch"}:
        return []
    selector_text = ",".join(f"{name}={value}" for name, value in labels.items())
    return cluster.find(_POD, obj["metadata"].get("namespace"), labelSelector=selector_text)


def _statuses(pod: Object) -> list[dict[str, Any]]:
    status = pod.get("status") or {}
    return [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]


def _has_problem(pod: Object) -> bool:
    return any(_trouble(entry) for entry in _statuses(pod))


def _trouble(status: dict[str, Any]) -> dict[str, Any] | None:
    """The termination that explains a container best: the current one if it failed, else the one before its restart."""
    for state in (status.get("state") or {}, status.get("lastState") or {}):
        terminated = state.get("terminated")
        if terminated and terminated.get("exitCode"):
            return dict(terminated)
    return None


def _containers(cluster: Cluster, pod: Object) -> list[str]:
    lines = []
    for status in _statuses(pod):
        name = status["name"]
        waiting = (status.get("state") or {}).get("waiting") or {}
        if waiting.get("reason") not in (None, "PodInitializing", "ContainerCreating"):
            lines.append(f"container {name} is waiting: {waiting['reason']}: {waiting.get('message', '')}".rstrip(": "))
        ended = _trouble(status)
        if ended:
            said = (ended.get("message") or "").strip() or _log_tail(cluster, pod, name)
            lines.append(f"container {name} ended: {ended.get('reason', '')} (exit code {ended['exitCode']}): {said}".rstrip(": "))
    unscheduled = conditions(pod).get("PodScheduled") or {}
    if unscheduled.get("status") == "False":
        lines.append(f"is not scheduled: {unscheduled.get('message', '')}")
    return lines


def _log_tail(cluster: Cluster, pod: Object, container: str) -> str:
    path = cluster.kind(_POD).path(*naming.identity(pod)) + "/log"
    try:
        text = cluster.request("GET", path, container=container, tailLines=str(_LOG_LINES))
    except PluginError:
        return ""
    return f"last log lines:\n{text.strip()}" if isinstance(text, str) and text.strip() else ""


def _events(cluster: Cluster, obj: Object, pods: list[Object]) -> list[str]:
    uids = {entry["metadata"]["uid"] for entry in [obj, *pods]}
    namespace = obj["metadata"].get("namespace")
    warnings = [
        event
        for event in cluster.find(_EVENT, namespace, fieldSelector="type=Warning")
        if (event.get("involvedObject") or {}).get("uid") in uids
    ]
    warnings.sort(key=lambda event: event.get("lastTimestamp") or event.get("eventTime") or "")
    return [_event_line(event) for event in warnings[-_MAX_EVENTS:]]


def _event_line(event: Object) -> str:
    about = event["involvedObject"]
    return f"[{about.get('kind')} {about.get('name')}] {event.get('reason', '')}: {' '.join((event.get('message') or '').split())}"
