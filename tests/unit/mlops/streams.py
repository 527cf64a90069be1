"""Streams as vLLM sends them, for the stub server."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.unit.mlops.stub_server import Reply

DONE = b"data: [DONE]\n\n"


def event(content: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(content).encode() + b"\n\n"


def token(text: str = " word", finish_reason: str | None = None) -> bytes:
    return event({"choices": [{"index": 0, "text": text, "finish_reason": finish_reason}], "usage": None})


def usage(tokens: int, prompt_tokens: int = 12) -> bytes:
    return event({"choices": [], "usage": {"prompt_tokens": prompt_tokens, "completion_tokens": tokens}})


def whole(tokens: int) -> list[bytes]:
    """Every event of a right answer."""
    return [*[token()] * (tokens - 1), token(finish_reason="length"), usage(tokens), DONE]


def streamed(pieces: list[bytes], served_by: str, *, is_whole: bool = True) -> Reply:
    """`is_whole` false: the connection is reset after them."""

    def stream(send: Callable[[bytes], None]) -> bool:
        for piece in pieces:
            send(piece)
        return is_whole

    return Reply(stream=stream, served_by=served_by)
