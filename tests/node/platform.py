"""The platform as a person drives it: the commands of the Makefile and README, on the instance `test`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests import nodes

INSTANCE = nodes.PLATFORM

kubectl = nodes.Kubectl(INSTANCE)


@dataclass(frozen=True)
class Done:
    """How a command ended: its exit status, both its outputs together, and how long it took in seconds."""

    status: int
    output: str
    seconds: float


def run(*command: str, timeout_seconds: float = 900) -> Done:
    began = time.monotonic()
    done = subprocess.run(
        command,
        cwd=nodes.ROOT,
        env=nodes.environment(INSTANCE),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=timeout_seconds,
        check=False,
    )
    print(done.stdout)
    return Done(done.returncode, done.stdout, time.monotonic() - began)


def run_until_killed(shown: str, *arguments: str) -> None:
    """`python -m scripts.local ...`, killed with all its children as soon as it shows the given text."""
    command = [sys.executable, "-m", "scripts.local", *arguments]
    with subprocess.Popen(
        command,
        cwd=nodes.ROOT,
        env=nodes.environment(INSTANCE),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        seen = next((line for line in process.stdout if shown in line), None)
        os.killpg(process.pid, signal.SIGKILL)
    assert seen, f"it ended without showing {shown!r}"


def local(*arguments: str) -> Done:
    """`python -m scripts.local ...`: what `make up` and `make down` run."""
    return run(sys.executable, "-m", "scripts.local", *arguments)


def pulumi(*arguments: str) -> Done:
    return local("pulumi", *arguments)


def apply(**changed: str) -> Done:
    """`pulumi up` with some keys of the stack file changed, as `services__mnist__model="s3://..."`."""
    settings = [part for key, value in changed.items() for part in ("--config", f"inference-platform:{key.replace('__', '.')}={value}")]
    return pulumi("up", "--yes", "--skip-preview", *(["--config-path", *settings] if settings else []))


def address(service: str, namespace: str) -> str:
    """The Service's cluster address, to which the bench gives this machine a route."""
    return kubectl("--namespace", namespace, "get", "service", service, "--output", "jsonpath={.spec.clusterIP}")


def processes_with(argument: str) -> list[str]:
    """The command lines of this machine that hold the argument."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            words = path.read_text(errors="replace").split("\0")
            if argument in words:
                found.append(" ".join(words))
    return found
