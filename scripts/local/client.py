"""Replaces this process by a program that asks a model of the running `local` stack, for `make load` and `make accuracy`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import urlsplit

from components.serving.model import Model
from scripts.errors import DriverError
from scripts.local import cluster as clusters
from scripts.local.cluster import Cluster
from scripts.local.engine import outputs
from scripts.local.workspace import COMMITTED, Workspace, prepare
from scripts.mlops import questions
from scripts.stack_configuration import configuration
from scripts.stack_file import read
from stacks.config import ConfigError

NO_MODEL = f"no model is configured: write one below inference-platform:models in {COMMITTED.name} (README.md), then `make up`"
SHARE_OF_P95 = 0.95


@dataclass(frozen=True)
class Deployed:
    """The models of the running stack from their last deployment by this machine; `addresses` are by the model's name."""

    addresses: Mapping[str, str]
    sections: Mapping[str, Any]
    models: Mapping[str, Model]
    cluster: Cluster

    def first(self) -> str:
        """Return the name of the stack file's first model; models of overlays come after it. Raises DriverError without any."""
        names = [*(read(COMMITTED).get("models") or {}), *self.models]
        if not names:
            raise DriverError(NO_MODEL)
        return str(names[0])

    def asked(self, name: str) -> Asked:
        """Return the model of this name. Raises DriverError if the stack does not have it."""
        if name in self.models and name in self.addresses:
            return Asked(self.models[name], self.addresses[name], self.sections, self.cluster)
        if not self.models:
            raise DriverError(NO_MODEL)
        known = ", ".join(self.addresses) or "none"
        raise DriverError(f"the stack has no endpoint of {name}; it has {known}: `make up` deploys what the stack file has")


@dataclass(frozen=True)
class Asked:
    """One model of the running stack."""

    model: Model
    address: str
    sections: Mapping[str, Any]
    cluster: Cluster

    @property
    def url(self) -> str:
        """The address for its questions: at its probe's path if it has no other question than the probe's request."""
        if self.probe is None:
            return self.address
        return urlsplit(self.address)._replace(path=self.probe[0]).geturl()

    @property
    def probe(self) -> tuple[str, str, str] | None:
        """Path, request and schema of its probe, if neither its folder nor its protocol has a question, and the probe has one."""
        question = self.model.question
        if self.protocol == questions.OPENAI or question.request is None or questions.of_folder(self.model.name):
            return None
        return question.path, question.request, question.answer

    @property
    def protocol(self) -> str:
        return self.model.protocol.name

    @property
    def words(self) -> list[str]:
        """Return the options that tell any program how to ask it (scripts/mlops/questions.py)."""
        objective = self.model.entry.objective
        p95 = ["--p95-ms", f"{1000 * objective.latency_seconds:g}"] if objective.fast >= SHARE_OF_P95 else []
        probe = ["--probe-request", self.probe[1], "--probe-answer", self.probe[2]] if self.probe else []
        return ["--model", self.model.name, "--url", self.url, "--protocol", self.protocol, *p95, *probe]


def deployed(found: Mapping[str, Any], cluster: Cluster, workspace: Workspace) -> Deployed:
    """Read the running stack; `found`: its outputs. Raises DriverError if its configuration cannot be read."""
    given = read(workspace.config_file) if workspace.config_file.exists() else {}
    try:
        models = configuration("local", given).models if given else {}
    except ConfigError as error:
        raise DriverError(str(error)) from None
    return Deployed(found.get("endpoints", {}), given, {name: Model(name=name, entry=entry) for name, entry in models.items()}, cluster)


def become(program: str, more: Callable[[Asked], list[str]] = lambda _asked: []) -> NoReturn:
    """Replace this process by the program, so that Ctrl-C and the exit code are the program's; this command's arguments follow `more`.

    The environment variable MODEL_NAME chooses the model; the default is the stack file's first model.
    """
    try:
        cluster = clusters.running()
        workspace = prepare(cluster)
        stack = deployed(outputs(workspace), cluster, workspace)
        asked = stack.asked(os.environ.get("MODEL_NAME") or stack.first())
        command = ["-m", program, *asked.words, *more(asked)]
    except DriverError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    os.execve(sys.executable, [sys.executable, *command, *sys.argv[1:]], workspace.environment)  # noqa: S606 (no shell)
