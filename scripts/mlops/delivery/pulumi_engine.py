"""The engine of a rollout: Pulumi's Automation API on the checkout's own program and stack, with its progress in a file."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulumi import automation
from pulumi.automation.errors import CommandError, ConcurrentUpdateError
from pulumi.automation.events import EngineEvent, OpType

from scripts.commands import ROOT
from scripts.errors import DriverError
from scripts.mlops.delivery.ports import UpFailedError
from scripts.stack_configuration import configuration
from stacks.config import StackConfig

PATIENCE_SECONDS = 300
"""Waits this long for another user's update, or for one of a killed driver, which continues to its end."""

BETWEEN_TRIES_SECONDS = 3
LONGEST = 500
NO_REASON = re.compile("containers with (unready|incomplete) status")
"""The provider says this of the pod of every Job that has not ended (pulumi-kubernetes:provider/pkg/await/job.go)."""
TRACEBACK = re.compile(r"[\s\S]*Traceback \(most recent call last\):\n(?:[ \t].*\n)*")
"""The lines of a Python program's error before the exception's own words."""
PLAIN = "<{%reset%}>"
"""The engine's mark for no colour."""


@dataclass(frozen=True)
class Deployment:
    """How a stack is deployed from this machine; its rollouts keep journal and log in `folder`.

    `config_file`: the file that Pulumi reads in place of the checkout's stack file, if any; `refresh` makes it. `mend` clears what a killed
    update left. `machine` adds this machine's settings to the file's sections. `copy` makes a stack file for a preview: of
    this text, in this folder. `environment` names the cluster and has the tools.
    """

    stack: str
    folder: Path
    environment: dict[str, str]
    refresh: Callable[[], None]
    mend: Callable[[], None]
    machine: Callable[[dict[str, Any]], dict[str, Any]]
    copy: Callable[[str, Path], Path]
    config_file: Path | None = None
    policy_packs: Sequence[str] = ()

    def configuration(self, sections: dict[str, Any]) -> StackConfig:
        """Return the configuration that these sections of a stack file make on this machine. Raises ConfigError."""
        return configuration(self.stack, self.machine(sections))


class PulumiEngine:
    def __init__(self, deployment: Deployment, log: Path) -> None:
        self._deployment, self._log = deployment, log
        # The Automation API looks for the CLI here, before it looks into the environment that it is given.
        os.environ["PATH"] = deployment.environment["PATH"]
        workspace = automation.LocalWorkspace(work_dir=str(ROOT), env_vars=deployment.environment)
        try:
            self._stack = automation.Stack.select(deployment.stack, workspace)
        except CommandError as error:
            raise DriverError(f"there is no stack {deployment.stack} to roll out in; deploy it first. {_last_words(error)}") from None

    def up(self, only: str | None = None) -> float:
        """Policies must not delay the return of users to the version that they had: a hurried update runs without them."""
        packs = None if only else list(self._deployment.policy_packs) or None
        target = [only] if only else None
        return self._run(
            lambda given: self._stack.up(**given, target=target, policy_packs=packs, show_secrets=False, suppress_outputs=True),
            hurried=only is not None,
        )

    def preview(self, text: str, folder: Path) -> str:
        """Return what an update with a stack file of this text would change, in Pulumi's words. `folder` is for its files."""
        lines: list[str] = []
        file = str(self._deployment.copy(text, folder))
        self._run(lambda given: self._stack.preview(**{**given, "on_output": lines.append, "config_file": file}))
        return "\n".join(lines)

    def configuration(self, sections: dict[str, Any]) -> StackConfig:
        return self._deployment.configuration(sections)

    def _run(self, operation: Callable[[dict[str, Any]], object], *, hurried: bool = False) -> float:
        """A hurried update clears what a killed one left only if it fails."""
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            self._deployment.refresh()
            if not hurried:
                self._deployment.mend()
            try:
                return self._logged(operation)
            except ConcurrentUpdateError as error:
                if time.monotonic() > end:
                    raise UpFailedError(f"another update has held the stack for {PATIENCE_SECONDS} s: {_last_words(error)}") from None
                hurried = False
                time.sleep(BETWEEN_TRIES_SECONDS)

    def _logged(self, operation: Callable[[dict[str, Any]], object]) -> float:
        """Return the moment of the last change of a resource; the update itself ends later."""
        errors: list[str] = []
        changed: list[float] = []

        def keep(event: EngineEvent) -> None:
            diagnostic, outputs = event.diagnostic_event, event.res_outputs_event
            if diagnostic and diagnostic.severity == "error":
                errors.append(_gist(diagnostic.message))
            if outputs and outputs.metadata.op != OpType.SAME:
                changed.append(time.monotonic())

        with self._log.open("a", buffering=1) as log:
            given: dict[str, Any] = {
                "color": "never",
                "suppress_progress": True,
                "on_output": lambda line: print(line, file=log),
                "on_error": lambda line: print(line, file=log),
                "on_event": keep,
                "config_file": str(self._deployment.config_file) if self._deployment.config_file else None,
            }
            try:
                operation(given)
            except ConcurrentUpdateError:
                raise
            except CommandError as error:
                raise UpFailedError(errors[0] if errors else _last_words(error)) from None
        return changed[-1] if changed else time.monotonic()


def _gist(message: str) -> str:
    """Return the reason on one line: the last words of a pod if an error has them, because the other errors only say that it failed."""
    words = TRACEBACK.sub("", message.replace(PLAIN, ""))
    _, *several = parts = [" ".join(part.split()) for part in re.split(r"^\s*\* ", words, flags=re.MULTILINE)]
    said = [part for part in parts if part.startswith("[Pod") and not NO_REASON.search(part)]
    return (said or several or parts)[0][:LONGEST]


def _last_words(error: CommandError) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    said = [line for line in lines if line.startswith("error:")]
    return (said or lines or ["no reason given"])[-1]
