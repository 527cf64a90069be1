"""The answers that the gate of an aggregated API takes for proof that the API works."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from components.in_cluster import api, api_probe

API = "external.metrics.k8s.io/v1beta1"


def test_an_api_that_lists_its_resources_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def text(path: str, *_: object) -> str:
        asked.append(path)
        return '{"resources": []}'

    monkeypatch.setattr(api, "text", text)
    assert api_probe.obstacle(API) is None
    assert asked == ["/apis/external.metrics.k8s.io/v1beta1"]


def test_a_failure_ends_with_the_last_answer(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def refused(*_: object) -> str:
        raise OSError("503: service unavailable")

    monkeypatch.setattr(api, "text", refused)
    monkeypatch.setenv("API", API)
    monkeypatch.setenv("PATIENCE_SECONDS", "0")
    assert api_probe.main() == 1
    assert f"the API {API} does not answer: 503: service unavailable" in capsys.readouterr().err


def test_it_asks_again_until_there_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: Iterator[OSError | str] = iter(
        [OSError("404: the server could not find the requested resource"), OSError("503"), '{"resources": []}']
    )

    def text(*_: object) -> str:
        answer = next(answers)
        if isinstance(answer, OSError):
            raise answer
        return answer

    monkeypatch.setattr(api, "text", text)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    monkeypatch.setenv("API", API)
    monkeypatch.setenv("PATIENCE_SECONDS", "60")
    assert api_probe.main() == 0
    assert next(answers, None) is None
