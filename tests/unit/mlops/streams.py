"""Streams as vLLM sends them, for the stub server."""

from __future__ import annotations

import json
from typing import Any

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
