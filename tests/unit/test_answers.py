"""A model's answer against its schema, and the route that it comes through."""

from __future__ import annotations

import json
import socket
import threading
import time
from typing import Any

import pytest

from components.in_cluster import api, route_check
from components.in_cluster.answers import KEYWORDS, TYPES, not_answering, wrong
from components.serving.probe import Answer
from components.serving.protocols import PROTOCOLS
from tests.unit.test_smoke_check import server

QUESTION = PROTOCOLS["openai"].probe("smollm-text-generation")
REQUEST, SCHEMA = json.dumps(QUESTION.request), json.dumps(QUESTION.answer.schema_of_json())
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
        assert not_answering(url, REQUEST, SCHEMA) is None
    assert got[0]["model"] == "smollm-text-generation"
    assert got[0]["prompt"]
    assert got[0]["max_tokens"] <= 16


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (404, b'{"message": "The model does not exist."}', "answers 404: "),
        (200, b"{}", "the answer has no choices: {}"),
        (200, json.dumps({"choices": [{"text": ""}]}).encode(), "the answer.choices[0].text has a length of 0, not 1"),
        (200, json.dumps({"choices": [{}]}).encode(), "the answer.choices[0] has no text"),
        (200, json.dumps({"choices": []}).encode(), "the answer.choices has a number of items of 0, not 1"),
        (200, b"<html>", "the answer is not JSON: <html>"),
    ],
)
def test_a_wrong_completion_is_a_problem(status: int, body: bytes, words: str) -> None:
    with server(status, body) as (url, _):
        assert words in (not_answering(url, REQUEST, SCHEMA) or "")


def test_without_a_request_it_is_a_get_and_without_a_schema_any_answer_is_right() -> None:
    with server(200, b"ready") as (url, got):
        assert not_answering(f"{url}/healthy", "", "{}") is None
    assert got == ["/healthy"]
    with server(503, b"loading") as (url, _):
        assert "answers 503: loading" in (not_answering(url, "", "{}") or "")


@pytest.mark.parametrize(
    ("schema", "right", "incorrect"),
    [
        ({"type": "object"}, [{}], [[], 1, None]),
        ({"type": "array"}, [[]], [{}, "a"]),
        ({"type": "string"}, [""], [1]),
        ({"type": "number"}, [1, 1.5], ["1", True]),
        ({"type": "integer"}, [1], [1.5, True]),
        ({"type": "boolean"}, [True], [1]),
        ({"type": "null"}, [None], [0]),
        ({"required": ["a"]}, [{"a": None}], [{}, []]),
        ({"properties": {"a": {"type": "string"}}}, [{}, {"a": "b"}, {"c": 1}], [{"a": 1}]),
        ({"items": {"type": "integer"}}, [[], [1]], [[1, "a"]]),
        ({"minItems": 1}, [[1]], [[], 1]),
        ({"maxItems": 1}, [[1]], [[1, 2]]),
        ({"minLength": 2}, ["ab"], ["a", 1]),
        ({"minimum": 1}, [1], [0.9, "a"]),
        ({"maximum": 1}, [1], [1.1, None]),
        ({"const": {"a": 1}}, [{"a": 1}], [{"a": 2}, None]),
        ({"enum": ["a", 1]}, ["a", 1], ["b"]),
        ({"description": "anything"}, [None, 1], []),
    ],
)
def test_every_keyword(schema: dict[str, Any], right: list[Any], incorrect: list[Any]) -> None:
    assert [value for value in right if wrong(json.dumps(value).encode(), schema)] == []
    assert [value for value in incorrect if not wrong(json.dumps(value).encode(), schema)] == []


def test_every_keyword_that_can_be_declared_is_checked() -> None:
    assert [field.alias for field in Answer.model_fields.values()] == list(KEYWORDS)
    kinds = Answer.model_json_schema()["$defs"]["Answer"]["properties"]["type"]["anyOf"][0]["enum"]
    assert kinds == list(TYPES)


def test_a_keyword_without_a_value_is_none() -> None:
    """YAML reads `type:` and nothing behind it as null; the check would look that type up."""
    assert Answer.model_validate({"type": None, "items": {"minItems": None, "type": "null"}}).schema_of_json() == {
        "items": {"type": "null"}
    }


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
    values = {"NAMESPACE": "default", "NAME": "smollm", "URL": url, "REQUEST": REQUEST, "ANSWER": SCHEMA, "PATIENCE_SECONDS": patience}
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
    assert "no healthy upstream" in capsys.readouterr().err


def test_an_answer_that_is_no_http_is_no_answer() -> None:
    """A port that speaks something else may be a server that is just starting; the check asks again."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def garbage() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"what is this\r\n\r\n")

        thread = threading.Thread(target=garbage)
        thread.start()
        problem = not_answering(f"http://127.0.0.1:{port}/", "", "{}")
        thread.join()
    assert problem
    assert "does not answer" in problem
