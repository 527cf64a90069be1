"""Requests to a language model, and the check of its answers: OpenAI's completions, whole or streamed as server-sent events."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import Any

from scripts.mlops.load.events import events
from scripts.mlops.load.measurement import RequestFailed

PATH = "/v1/completions"
MAX_TOKENS = 64
VOCABULARY = (
    "the a one some every small old new bright quiet river city garden teacher machine letter morning winter music answer question reason "
    "walks reads builds finds carries remembers because although while before after under beside without slowly often never together"
)
FEWEST_WORDS, MOST_WORDS = 8, 512
"""A word is about one token; with the answer a prompt stays well below 2,048 tokens, the context of small models."""

PROMPT = "Once upon a time"
FEW_TOKENS = 16
ENDED = ("stop", "length")
"""The reasons with which a whole completion ends (vllm-project/vllm:vllm/v1/engine/__init__.py@v0.32.0, FINISH_REASON_STRINGS)."""


def prompt(seed: int, number: int) -> str:
    """Return the prompt of request `number`, the same for the same seed. Short ones are as frequent as long ones (log scale).

    No two begin alike, so a cache of prefixes does not answer in place of the model.
    """
    random = Random(f"{seed}/{number}")  # noqa: S311 (no secret)
    words = round(FEWEST_WORDS * (MOST_WORDS / FEWEST_WORDS) ** random.random())
    return f"{number} {' '.join(random.choices(VOCABULARY.split(), k=words))}"


def question(model: str) -> bytes:
    """Return the body of a short request that is not streamed."""
    return json.dumps({"model": model, "prompt": PROMPT, "max_tokens": FEW_TOKENS, "temperature": 0}).encode()


def completed(content: bytes) -> int:
    """Return the number of tokens of such an answer. Raises RequestFailed if it breaks the protocol."""
    try:
        answer = json.loads(content)
        reason, tokens = answer["choices"][0]["finish_reason"], answer["usage"]["completion_tokens"]
    except (ValueError, LookupError, TypeError) as error:
        raise RequestFailed(f"answer has the wrong schema: {type(error).__name__}") from None
    if reason not in ENDED or type(tokens) is not int or tokens < 1:
        raise RequestFailed(f"the completion was cut short: finish_reason {reason}, {tokens} tokens")
    return tokens


def shown(model: str, content: bytes) -> list[str]:
    """Return the answer to `question` as a line for a terminal."""
    answer = json.loads(content)
    text = " ".join(answer["choices"][0]["text"].split())
    return [f"{model} continues {PROMPT!r} with {answer['usage']['completion_tokens']} tokens: {text}"]


def request_body(model: str, seed: int, number: int, max_tokens: int) -> bytes:
    """Return the body of a streamed request. The server takes the likeliest token each time, so the answer does not depend on chance."""
    return json.dumps(
        {
            "model": model,
            "prompt": prompt(seed, number),
            "max_tokens": max_tokens,
            "temperature": 0,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
    ).encode()


@dataclass(frozen=True, slots=True)
class Completion:
    """A whole streamed answer. Seconds: `rest` from its first token to its end, `gaps` between one event with tokens and the next.

    A server under load may send several tokens in an event; `tokens` is the number that the server reports.
    """

    rest: float
    gaps: tuple[float, ...]
    prompt_tokens: int
    tokens: int


def completion(pieces: Iterable[bytes]) -> Completion:
    """Read to the end. Raises RequestFailed for an answer that is not whole, or that reports an error."""
    came: list[float] = []
    usage: dict[str, Any] | None = None
    reason, is_done = None, False
    for data in events(pieces):
        if data == b"[DONE]":
            is_done = True
            continue
        event = _parsed(data)
        if choices := event.get("choices"):
            came.append(time.perf_counter())
            reason = choices[0].get("finish_reason") or reason
        usage = event.get("usage") or usage
    end = time.perf_counter()
    if not is_done:
        raise RequestFailed("the stream ended without [DONE]")
    if not came:
        raise RequestFailed("the stream has no token")
    if reason not in ENDED:
        raise RequestFailed(f"the completion was cut short: finish_reason {reason}")
    if usage is None:
        raise RequestFailed("the stream does not say how many tokens it has")
    gaps = tuple(later - earlier for earlier, later in itertools.pairwise(came))
    return Completion(end - came[0], gaps, usage["prompt_tokens"], usage["completion_tokens"])


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        event = json.loads(data)
    except ValueError:
        raise RequestFailed("an event of the stream is not JSON") from None
    if not isinstance(event, dict):
        raise RequestFailed("an event of the stream is no object")
    if error := event.get("error"):
        said = error.get("message", error) if isinstance(error, dict) else error
        raise RequestFailed(f"an error in the stream: {str(said)[:200]}")
    return event
