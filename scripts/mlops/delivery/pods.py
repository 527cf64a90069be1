"""Faults of a version that its pods show and its answers do not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scripts.live_state import SERVER, Object


def crash(pods: Sequence[Object]) -> str | None:
    """Return what is wrong with the first pod whose server was restarted."""
    return next((said for pod in pods if (said := _crash(pod))), None)


def _crash(pod: Object) -> str | None:
    for container in pod.get("status", {}).get("containerStatuses", []):
        if container["name"] == SERVER and container.get("restartCount", 0):
            ended: dict[str, Any] = container.get("lastState", {}).get("terminated", {})
            times = container["restartCount"]
            return f"its server crashed {times} times in pod {pod['metadata']['name']}, exit code {ended.get('exitCode', 'unknown')}"
    return None
