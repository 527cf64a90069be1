"""The question that a rollout asks both versions of a model."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from components.in_cluster.answers import wrong
from components.serving.model import FOLDERS, Model
from scripts.errors import DriverError
from scripts.mlops.load.measurement import RequestFailed
from scripts.mlops.load.session import TIMEOUT

PATIENCE = 60.0
"""Seconds without a byte of an answer of a language model: a request may wait in the queue before its first byte."""


@dataclass(frozen=True)
class Question:
    """A request. `body` None: a GET. `check` raises RequestFailed for a wrong answer; after `timeout` silent seconds there is none."""

    path: str
    body: bytes | None
    check: Callable[[bytes], object]
    timeout: float = TIMEOUT


def question_of(model: Model) -> Question:
    """Return the model's own question: of `models/<name>/questions.py` where that is, else that of its readiness probe."""
    timeout = PATIENCE if model.protocol.name == "openai" else TIMEOUT
    path = FOLDERS / model.name / "questions.py"
    if path.is_file():
        own = _loaded(path.stem, str(path))
        return Question(model.protocol.path(model.name), own.bodies(1)[0], _failing(own.check), timeout)
    asked = model.question
    schema = json.loads(asked.answer)

    def check(content: bytes) -> None:
        if problem := wrong(content, schema):
            raise RequestFailed(problem)

    return Question(asked.path, asked.request.encode() if asked.request else None, check, timeout)


def _loaded(name: str, path: str) -> Any:  # noqa: ANN401 - a module of the model's own
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise DriverError(f"{path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _failing(check: Callable[[bytes], object]) -> Callable[[bytes], object]:
    def checked(content: bytes) -> object:
        try:
            return check(content)
        except ValueError as error:
            raise RequestFailed(str(error)) from None

    return checked
