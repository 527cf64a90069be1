"""Completions, and the route that they come through."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from components.in_cluster import api, route_check
from components.in_cluster.answers import not_answering
from tests.unit.test_smoke_check import server

COMPLETION = {"choices": [{"text": " Paris.", "finish_reason": "length"}]}


def route(*parents: dict[str, Any], generation: int = 2) -> dict[str, Any]:
    return {
        "metadata": {"generation": generation},
        "spec": {"parentRefs": [{"name": "inference"}]},
        "status": {"parents": list(parents)},
    }


def parent(accepted: str = "True", resolved: str = "True", observed: int = 2, message: str = "") -> dict[str, Any]:
    conditions = [
        {"type": kind, "status": status, "reason": kind, "message": message, "observedGeneration": observed}
        for kind, status in (("Accepted", accepted), ("ResolvedRefs", resolved))
    ]
    return {"parentRef": {"name": "inference"}, "conditions": conditions}


def test_a_completion_is_asked_of_the_model_by_its_name() -> None:
    with server(200, json.dumps(COMPLETION).encode()) as (url, got):
        assert not_answering(url, "smollm-text-generation") is None
    assert got[0]["model"] == "smollm-text-generation"
    assert got[0]["prompt"]
    assert got[0]["max_tokens"] <= 16


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (404, b'{"message": "The model does not exist."}', "answers 404: "),
        (200, b"{}", "not a completion"),
        (200, json.dumps({"choices": [{"text": " "}]}).encode(), "not a completion"),
        (200, json.dumps({"choices": []}).encode(), "not a completion"),
        (200, b"<html>", "does not answer"),
    ],
)
def test_a_wrong_completion_is_a_problem(status: int, body: bytes, words: str) -> None:
    with server(status, body) as (url, _):
        assert words in (not_answering(url, "smollm-text-generation") or "")


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (route(), "no gateway has taken route smollm yet"),
        (route(parent(observed=1)), "has not said yet whether the route is Accepted"),
        (route({"parentRef": {"name": "inference"}, "conditions": []}), "has not said yet"),
        (route(parent(accepted="False", message="no listener")), "Accepted False: Accepted no listener"),
        (route(parent(resolved="False", message="no grant")), "ResolvedRefs False: ResolvedRefs no grant"),
    ],
)
def test_a_route_that_is_not_taken_is_told_with_the_gateways_words(
    monkeypatch: pytest.MonkeyPatch, found: dict[str, Any], words: str
) -> None:
    monkeypatch.setattr(api, "text", lambda _, __=None: json.dumps(found))
    assert words in (route_check.not_accepted("default", "smollm") or "")


def environment(monkeypatch: pytest.MonkeyPatch, url: str, patience: str) -> None:
    values = {"NAMESPACE": "default", "NAME": "smollm", "URL": url, "COMPLETION_MODEL": "smollm", "PATIENCE_SECONDS": patience}
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(api, "text", lambda _, __=None: json.dumps(route(parent())))


def test_the_whole_check_of_a_route(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with server(200, json.dumps(COMPLETION).encode()) as (url, _):
        environment(monkeypatch, url, patience="10")
        assert route_check.main() == 0
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("its patience is over"))
    with server(503, b"no healthy upstream") as (url, _):
        environment(monkeypatch, url, patience="0")
        assert route_check.main() == 1
    assert "no healthy upstream" in capsys.readouterr().out
