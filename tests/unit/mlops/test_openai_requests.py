"""Prompts that a seed makes again, and streams that are whole or say why they are not."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator

import pytest

from scripts.mlops.load.measurement import RequestFailed
from scripts.mlops.openai_requests import FEWEST_WORDS, MOST_WORDS, completed, completion, prompt, question, request_body, shown
from tests.unit.mlops.streams import DONE, event, token, usage, whole


def test_prompts_are_the_same_for_the_same_seed_and_of_many_lengths() -> None:
    prompts = [prompt(7, number) for number in range(200)]
    assert prompts == [prompt(7, number) for number in range(200)]
    assert len({*prompts, *(prompt(8, number) for number in range(200))}) == 400
    words = sorted(len(each.split()) - 1 for each in prompts)
    assert FEWEST_WORDS <= words[0] < 12
    assert 340 < words[-1] <= MOST_WORDS
    assert 32 < words[100] < 128, "as many short ones as long ones"


def test_a_request_asks_for_a_stream_that_says_how_many_tokens_it_has() -> None:
    body = json.loads(request_body("some-llm", 7, 3, 16))
    assert body["prompt"] == prompt(7, 3)
    assert {name: value for name, value in body.items() if name != "prompt"} == {
        "model": "some-llm",
        "max_tokens": 16,
        "temperature": 0,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_a_whole_answer_is_measured_by_when_its_tokens_came() -> None:
    offered: list[float] = []
    taken: list[float] = []

    def pieces() -> Iterator[bytes]:
        for number, piece in enumerate([token("a"), token(""), token("c", "length"), usage(5, 40), DONE]):
            if number == 1:
                threading.Event().wait(0.05)
            offered.append(time.perf_counter())
            yield piece
            taken.append(time.perf_counter())

    answer = completion(pieces())
    end = time.perf_counter()
    assert (answer.tokens, answer.prompt_tokens) == (5, 40)
    assert len(answer.gaps) == 2, "an event without text has tokens too: their bytes are no whole letter yet"
    assert answer.gaps[0] >= 0.05
    for number, gap in enumerate(answer.gaps):
        assert offered[number + 1] - taken[number] <= gap <= taken[number + 1] - offered[number]
    assert taken[-1] - taken[0] <= answer.rest <= end - offered[0]


def test_events_of_one_piece_came_together() -> None:
    answer = completion([b"".join(whole(4))])
    assert len(answer.gaps) == 3
    assert sum(answer.gaps) <= answer.rest


@pytest.mark.parametrize(
    ("pieces", "reason"),
    [
        ([], r"ended without \[DONE\]"),
        (whole(3)[:-1], r"ended without \[DONE\]"),
        ([*whole(3)[:-1], b"data: [DO"], r"ended without \[DONE\]"),
        ([usage(0), DONE], "has no token"),
        ([token(), usage(1), DONE], "cut short: finish_reason None"),
        ([token(), token(finish_reason="abort"), usage(2), DONE], "cut short: finish_reason abort"),
        ([token(finish_reason="stop"), DONE], "how many tokens"),
        ([b"data: {\n\n", DONE], "is not JSON"),
        ([b"data: []\n\n", DONE], "is no object"),
        ([token(), event({"error": {"message": "EngineDeadError"}}), DONE], "an error in the stream: .*EngineDeadError"),
    ],
)
def test_an_answer_that_is_not_whole_is_a_failure(pieces: list[bytes], reason: str) -> None:
    with pytest.raises(RequestFailed, match=reason):
        completion(pieces)


def test_a_short_question_is_answered_by_tokens() -> None:
    assert json.loads(question("some-llm")) == {"model": "some-llm", "prompt": "Once upon a time", "max_tokens": 16, "temperature": 0}
    answer = {"choices": [{"text": "  there was\n a  node", "finish_reason": "length"}], "usage": {"completion_tokens": 8}}
    assert completed(json.dumps(answer).encode()) == 8
    assert shown("some-llm", json.dumps(answer).encode()) == ["some-llm continues 'Once upon a time' with 8 tokens: there was a node"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "wrong schema: JSONDecodeError"),
        ('{"choices": []}', "wrong schema: IndexError"),
        ("[]", "wrong schema: TypeError"),
        ('{"choices": [{"finish_reason": "abort"}], "usage": {"completion_tokens": 8}}', "cut short: finish_reason abort"),
        ('{"choices": [{"finish_reason": "stop"}], "usage": {"completion_tokens": 0}}', "0 tokens"),
    ],
)
def test_what_is_no_completion_is_a_failure(content: str, reason: str) -> None:
    with pytest.raises(RequestFailed, match=reason):
        completed(content.encode())
