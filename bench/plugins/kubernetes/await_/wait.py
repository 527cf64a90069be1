"""Waiting until an object is ready."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator

from bench.plugins.kubernetes import directives, naming
from bench.plugins.kubernetes.await_.explain import explain
from bench.plugins.kubernetes.await_.readiness import Readiness
from bench.plugins.kubernetes.await_.related import judge
from bench.plugins.kubernetes.cluster import Cluster
from bench.plugins.kubernetes.documents import Object
from bench.plugins.kubernetes.errors import ApiError, CancelledError, NotReadyError, UnreachableError
from bench.plugins.kubernetes.session import Session
from bench.plugins.kubernetes.tokens import Gvk


def pauses() -> Iterator[float]:
    """Seconds between two reads of one object: half a second at first, then one."""
    return itertools.chain(itertools.repeat(0.5, 10), itertools.repeat(1.0))


def wait_until_ready(session: Session, gvk: Gvk, inputs: Object, live: Object, timeout: float) -> Object:
    """The live object once it is ready. `timeout` in seconds; raises NotReadyError with the reasons, or CancelledError."""
    if directives.skip_await(inputs):
        return live
    cluster, at = session.cluster, naming.identity(live)
    deadline = time.monotonic() + timeout
    for pause in pauses():
        state = _judged(cluster, gvk, live)
        if state.ready:
            return live
        if state.failed:
            raise NotReadyError(state.missing, explain(cluster, gvk, live))
        left = deadline - time.monotonic()
        if left <= 0:
            raise NotReadyError(f"timed out after {timeout:.0f} s: {state.missing}", explain(cluster, gvk, live))
        if session.cancelled.wait(min(pause, left)):
            raise CancelledError(f"interrupted: {state.missing}")
        live = _look(cluster, gvk, at, live)
    raise AssertionError("the pauses never end")


def _judged(cluster: Cluster, gvk: Gvk, live: Object) -> Readiness:
    try:
        return judge(cluster, gvk, live)
    except (ApiError, UnreachableError) as error:
        return Readiness(f"what it depends on cannot be read: {error}")


def _look(cluster: Cluster, gvk: Gvk, at: tuple[str | None, str], last: Object) -> Object:
    try:
        return cluster.get(gvk, *at)
    except (ApiError, UnreachableError) as error:
        if isinstance(error, ApiError) and error.not_found:
            raise NotReadyError("it was deleted while it was waited for", []) from error
        return last  # a restarting API server briefly refuses or forbids requests; keep waiting until the deadline


def check_once(cluster: Cluster, gvk: Gvk, live: Object) -> list[str] | None:
    """Reasons why the object is not ready now, without waiting; None if it is ready."""
    state = judge(cluster, gvk, live)
    return None if state.ready else [f"{naming.label(live)} is not ready: {state.missing}", *explain(cluster, gvk, live)]
