"""One real answer of each model: the proof at the end of `make up`."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Mapping, Sequence

from scripts.errors import DriverError
from scripts.local.client import NO_MODEL, Asked, Deployed
from scripts.mlops import questions
from scripts.mlops.load.measurement import RequestFailed
from scripts.mlops.questions import OPENAI, Questions
from scripts.mlops.reach import Endpoint, reachable

ANSWER_SECONDS = {OPENAI: 120.0}
"""Seconds to wait for an answer, by protocol; the default is 10. On busy cores a token of a language model may take seconds."""

SHOWN = 200
"""Most characters to show of an answer without a known format."""


def show_answers(stack: Deployed, environment: Mapping[str, str]) -> None:
    """Print the address of each model, ask each one question, and print the answer. Raises DriverError when none comes or it is wrong."""
    if not stack.addresses:
        print(f"\n{NO_MODEL}")
        return
    print("\nendpoints, from any pod of the cluster:")
    width = max(map(len, stack.addresses))
    for name, address in stack.addresses.items():
        print(f"  {name:{width}}  {address}")
    for name in stack.addresses:
        print(f"\none real answer of {name}:\n")
        for line in _answer(stack.asked(name), environment):
            print(f"  {line}".rstrip())


def _answer(asked: Asked, environment: Mapping[str, str]) -> Sequence[str]:
    """Ask one question; return lines for a terminal, with the time at the end of the last one."""
    found = _questions(asked)
    with reachable(asked.url, environment) as endpoint:
        if found is None:
            path = asked.model.question.path
            _, seconds = _sent(endpoint.at(path), None, asked.protocol)
            return [f"it is ready: GET {path} was answered in {seconds * 1000:.0f} ms"]
        content, seconds = _sent(endpoint, found.bodies(1)[0], asked.protocol)
    try:
        found.check(content)
    except RequestFailed as wrong:
        raise DriverError(f"{endpoint.host} answers {content[:SHOWN].decode(errors='replace')}: {wrong}") from None
    lines = found.show(content) if found.show else [" ".join(content[:SHOWN].decode(errors="replace").split())]
    return [*lines[:-1], f"{lines[-1]}, in {seconds * 1000:.0f} ms"]


def _questions(asked: Asked) -> Questions | None:
    """Return the model's questions, or None if only its readiness can be asked."""
    name = asked.model.name
    if found := questions.of_folder(name) or (questions.of_openai(name) if asked.protocol == OPENAI else None):
        return found
    return questions.of_probe(asked.probe[1], asked.probe[2]) if asked.probe else None


def _sent(endpoint: Endpoint, body: bytes | None, protocol: str) -> tuple[bytes, float]:
    """Return the answer, and how many seconds it took. Without a body it is a GET."""
    headers = {"Host": endpoint.host} | ({"Content-Type": "application/json"} if body else {})
    request = urllib.request.Request(endpoint.url, body, headers)  # noqa: S310 (a URL of this stack)
    began = time.monotonic()
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS.get(protocol, 10.0)) as response:  # noqa: S310
            return response.read(), time.monotonic() - began
    except OSError as error:
        hint = "see `python -m bench status` and `kubectl get inferenceservices`"
        raise DriverError(f"{endpoint.host} does not answer at {endpoint.url} ({error}); {hint}") from error
