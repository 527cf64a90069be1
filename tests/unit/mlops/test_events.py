"""Server-sent events come out whole, however the network cut them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.mlops.load.events import events

SENT = b': a comment\n\ndata: {"a": 1}\n\nevent: x\r\nid: 7\r\ndata: one\r\ndata:two\r\n\r\n\n\ndata: [DONE]\n\ndata: cut of'
READ = [b'{"a": 1}', b"one\ntwo", b"[DONE]"]


@given(cuts=st.lists(st.integers(0, len(SENT)), max_size=12))
def test_events_are_the_same_wherever_they_are_cut(cuts: list[int]) -> None:
    ends = [*sorted(cuts), len(SENT)]
    pieces = [SENT[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    assert list(events(pieces)) == READ


def test_an_event_is_told_before_the_next_piece_is_asked_for() -> None:
    asked: list[int] = []

    def pieces() -> object:
        for number in range(3):
            asked.append(number)
            yield b"data: %d\n\n" % number

    for number, data in enumerate(events(pieces())):  # type: ignore[arg-type]
        assert data == b"%d" % number
        assert asked == list(range(number + 1))


@pytest.mark.parametrize("nothing", [[], [b""], [b"\n\n\n"], [b"retry: 5\n\n"], [b"data: not ended"]])
def test_what_is_no_event_is_none(nothing: list[bytes]) -> None:
    assert list(events(nothing)) == []
