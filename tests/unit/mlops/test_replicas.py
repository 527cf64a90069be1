"""Replicas are counted as they come and go, with a kubectl whose watch follows what a test writes."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from scripts.errors import DriverError
from scripts.mlops.load import replicas
from scripts.mlops.load.replicas import Count, counted, watched
from tests.unit.mlops.fake_kubectl import Kubectl, pod

ONE, TWO = "mnist-predictor-00001", "mnist-predictor-00002"


def event(kind: str, content: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "object": content}


def await_(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture
def kubectl(tmp_path: Path) -> Kubectl:
    return Kubectl(tmp_path / "bin")


def test_pods_that_go_or_have_gone_are_no_replicas() -> None:
    ended = pod("c", ONE, ready=False)
    ended["status"]["phase"] = "Failed"
    pods = [
        pod("a", ONE, ready=True),
        pod("b", ONE, ready=False),
        ended,
        pod("d", ONE, ready=True, deletionTimestamp="2026-11-21T12:00:00Z"),
        pod("mnist-predictor-7d9f8c6b5-x2x7k", None, ready=True),
    ]
    assert counted(pods) == {ONE: Count(1, 2), "mnist-predictor-7d9f8c6b5": Count(1, 1)}


def test_every_change_is_noted_with_its_time(kubectl: Kubectl) -> None:
    kubectl.pods([pod("a", ONE, ready=True)])
    began = time.time()
    events = [
        event("ADDED", pod("b", TWO, ready=False)),
        event("MODIFIED", pod("b", TWO, ready=True)),
        event("DELETED", pod("a", ONE, ready=True)),
    ]
    with watched("default", ["mnist"], kubectl.environment) as watch:
        assert (watch.now.ready, watch.now.total) == (1, 1)
        for seen in range(1, len(events) + 1):
            kubectl.events(events[:seen])
            await_(partial(lambda seen: len(watch.changes) == seen + 1, seen))
    assert [(change.ready, change.total) for change in watch.changes] == [(1, 1), (1, 2), (2, 2), (1, 1)]
    assert watch.now.versions == {TWO: Count(1, 1)}
    times = [change.at for change in watch.changes]
    assert began <= times[0] <= times[-1] <= time.time()
    assert times == sorted(times)


def test_an_event_that_changes_no_count_is_no_change(kubectl: Kubectl) -> None:
    kubectl.pods([pod("a", ONE, ready=True)])
    kubectl.events([event("MODIFIED", pod("a", ONE, ready=True)), event("ADDED", pod("b", ONE, ready=True))])
    with watched("default", ["mnist"], kubectl.environment) as watch:
        await_(lambda: watch.now.ready == 2)
    assert len(watch.changes) == 2


@pytest.mark.slow
@pytest.mark.parametrize("last", [{"type": "END", "object": pod("x", ONE, ready=False)}, {"type": "ERROR", "object": {"code": 410}}])
def test_a_watch_that_ended_begins_anew_with_what_is_there(kubectl: Kubectl, monkeypatch: pytest.MonkeyPatch, last: dict[str, Any]) -> None:
    monkeypatch.setattr(replicas, "AGAIN_SECONDS", 0.05)
    kubectl.pods([pod("a", ONE, ready=True)])
    with watched("default", ["mnist"], kubectl.environment) as watch:
        kubectl.pods([pod("b", TWO, ready=True), pod("c", TWO, ready=True)], version=1)
        kubectl.events([last])
        await_(lambda: watch.now.versions == {TWO: Count(2, 2)})


def test_a_service_that_is_not_there_is_named(kubectl: Kubectl) -> None:
    with (
        pytest.raises(DriverError, match=r"get inferenceservice other .*NotFound"),
        watched("default", ["mnist", "other"], kubectl.environment),
    ):
        pass
