"""The questions to a model, and the check of its answers.

A model is asked with its file `models/<name>/questions.py`; without the file, one with OpenAI's protocol with a prompt, any other with
the request of its readiness probe. This module needs only Python's standard library, so it also runs in a plain pod.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from components.in_cluster.answers import wrong
from scripts import model_folders
from scripts.commands import ROOT
from scripts.errors import DriverError
from scripts.mlops import openai_requests
from scripts.mlops.load.measurement import RequestFailed
from scripts.mlops.load.options import positive
from scripts.mlops.load.session import TIMEOUT

OPENAI = "openai"
PROTOCOLS = ("v1", "v2", OPENAI)
PATIENCE = 60.0
"""Longest wait for the next byte of a language model, in seconds: a request may be queued before its first byte."""

Labelled = tuple[bytes, object]
"""A request body, and the value of a right answer; None if any value is right."""


class QuestionsFile(Protocol):
    """The functions that `models/<name>/questions.py` must define.

    It may also define `labelled(count) -> list[Labelled]`, for accuracy; `show(content) -> list[str]`, which returns lines for a terminal
    about the answer to `bodies(1)[0]`; and `ANSWERS_PER_SECOND`, the fewest right answers per second that ten clients must get together.
    """

    def bodies(self, count: int) -> list[bytes]:
        """Return this number of request bodies, or fewer, which are then sent in turn."""
        ...

    def check(self, content: bytes) -> object:
        """Return the predicted value in the content of a 200 answer. Raise ValueError(reason) if the answer is wrong."""
        ...


@dataclass(frozen=True)
class Questions:
    """A model's questions. `check` raises RequestFailed for a wrong answer; `timeout`: seconds without a byte of an answer."""

    bodies: Callable[[int], Sequence[bytes]]
    check: Callable[[bytes], object]
    labelled: Callable[[int], Sequence[Labelled]] | None = None
    show: Callable[[bytes], Sequence[str]] | None = None
    answers_per_second: float = 0.0
    timeout: float = TIMEOUT


def add_options(parser: ArgumentParser) -> None:
    """Add the options that choose the model and its questions. `of` reads them."""
    parser.add_argument("--model", required=True, metavar="NAME", help="the model's key in the stack file")
    parser.add_argument("--protocol", choices=PROTOCOLS, default=PROTOCOLS[0], help="the server's protocol (default: %(default)s)")
    parser.add_argument("--probe-request", metavar="JSON", help="JSON body to send if models/NAME/questions.py is missing")
    parser.add_argument("--probe-answer", metavar="SCHEMA", default="{}", help="JSON Schema of a right answer to --probe-request")
    parser.add_argument(
        "--p95-ms", type=positive, help="the model's objective in milliseconds: the default of --max-p95-ms (default: any latency will do)"
    )


def of(args: Namespace) -> Questions:
    """Return the questions for the model that the options name. Raises DriverError if there are none."""
    found = of_folder(args.model) or (of_openai(args.model) if args.protocol == OPENAI else None)
    if found is None and args.probe_request:
        found = of_probe(args.probe_request, args.probe_answer)
    if found is None:
        raise DriverError(
            f"there is nothing to ask {args.model}: write models/{args.model}/questions.py, or a probe with a request in its entry of the "
            "stack file (--probe-request)"
        )
    return found


def of_folder(name: str, root: Path = ROOT) -> Questions | None:
    """Return the questions of `models/<name>/questions.py`, or None without that file. Raises DriverError if it is incomplete."""
    path = model_folders.folder(name, root) / "questions.py"
    if not path.is_file():
        return None
    model_folders.add_to_path([name], root)
    module: Any = _loaded(path)
    if missing := [needed for needed in ("bodies", "check") if not callable(getattr(module, needed, None))]:
        raise DriverError(f"{path} must define {' and '.join(missing)} (scripts/mlops/questions.py says what each is)")
    return Questions(
        bodies=module.bodies,
        check=_failing(module.check),
        labelled=getattr(module, "labelled", None),
        show=getattr(module, "show", None),
        answers_per_second=getattr(module, "ANSWERS_PER_SECOND", 0.0),
    )


def of_openai(model: str) -> Questions:
    """Return one short prompt, whose answer is not streamed."""
    return Questions(
        bodies=lambda _count: [openai_requests.question(model)],
        check=openai_requests.completed,
        show=lambda content: openai_requests.shown(model, content),
        timeout=PATIENCE,
    )


def of_probe(request: str, schema: str) -> Questions:
    """Return the one request of a readiness probe; `schema`: the JSON Schema of a right answer, as JSON."""
    known = json.loads(schema)

    def check(content: bytes) -> None:
        if problem := wrong(content, known):
            raise RequestFailed(problem)

    return Questions(bodies=lambda _count: [request.encode()], check=check)


def _loaded(path: Path) -> ModuleType:
    name = f"questions_of_{path.parent.name.replace('-', '_')}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise DriverError(f"{path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _failing(check: Callable[[bytes], object]) -> Callable[[bytes], object]:
    """A wrong answer is a failed request of the load, not an error of the program."""

    def checked(content: bytes) -> object:
        try:
            return check(content)
        except ValueError as error:
            raise RequestFailed(str(error)) from None

    return checked
