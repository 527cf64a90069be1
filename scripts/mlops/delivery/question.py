"""The question that a rollout asks both versions of a model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from components.serving.model import Model
from scripts.mlops import questions
from scripts.mlops.load.session import TIMEOUT


@dataclass(frozen=True)
class Question:
    """A request; without `body` a GET. `check` raises RequestFailed for a wrong answer; after `timeout` silent seconds it has failed."""

    path: str
    body: bytes | None
    check: Callable[[bytes], object]
    timeout: float = TIMEOUT


def question_of(model: Model) -> Question:
    """Return the model's own question: that of `models/<name>/questions.py` if the file exists, else that of its readiness probe."""
    timeout = questions.PATIENCE if model.protocol.name == questions.OPENAI else TIMEOUT
    if own := questions.of_folder(model.name):
        return Question(model.protocol.path(model.name), own.bodies(1)[0], own.check, timeout)
    asked = model.question
    check = questions.of_probe(asked.request or "", asked.answer).check
    return Question(asked.path, asked.request.encode() if asked.request else None, check, timeout)
