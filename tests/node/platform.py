"""The platform as a person drives it: the commands of the Makefile and README, on the instance `test`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import tools
from scripts.mlops.load.probe import probe
from scripts.mlops.reach import Endpoint, reachable
from tests import asked, nodes, stack_files

ADDRESS = "http://mnist-classifier.default.svc.cluster.local/v1/models/mnist-classifier:predict"
INSTANCE = nodes.PLATFORM

kubectl = nodes.Kubectl(INSTANCE)


@dataclass(frozen=True)
class Done:
    """How a command ended: its exit status, both its outputs together, and how long it took in seconds."""

    status: int
    output: str
    seconds: float


def shell() -> dict[str, str]:
    """The environment of somebody who works with this node's cluster: its kubeconfig, and `kubectl` on PATH."""
    path = os.pathsep.join([str(tools.binary("kubectl").parent), os.environ["PATH"]])
    return nodes.environment(INSTANCE) | {"KUBECONFIG": str(INSTANCE.kubeconfig), "PATH": path}


def run(*command: str, environment: dict[str, str] | None = None, timeout_seconds: float = 900) -> Done:
    began = time.monotonic()
    done = subprocess.run(
        command,
        cwd=nodes.ROOT,
        env=environment or nodes.environment(INSTANCE),
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


def apply(**changes: Any) -> Done:  # noqa: ANN401 - any YAML
    """`pulumi up` with some keys of the stack file changed, as `models__mnist_classifier__source="s3://..."`; None takes a key out."""
    return _applied(stack_files.changed(stack_files.committed("local"), changes), changes)


def apply_with_smollm(**changes: Any) -> Done:  # noqa: ANN401 - any YAML
    """The same on a node that serves SmolLM, whose overlay lies under the stack file."""
    return _applied(stack_files.local_with_smollm(**changes), changes)


def _applied(values: dict[str, Any], changes: Iterable[str]) -> Done:
    # Whole sections: pulumi's --config-path starts each one it is given a part of anew.
    settings = [
        part
        for name in {path.partition("__")[0] for path in changes}
        for key, value in _flat(f"inference-platform:{name}", values[name])
        for part in ("--config", f"{key}={value}")
    ]
    return pulumi("up", "--yes", "--skip-preview", *(["--config-path", *settings] if settings else []))


def _flat(key: str, value: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any YAML
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(f"{key}.{name}", inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _flat(f"{key}[{index}]", inner)
    elif value is not None:
        yield key, str(value).lower() if isinstance(value, bool) else str(value)


def endpoint() -> Endpoint:
    """The address that people know, as this machine reaches it: the bench gives it a route to the Services."""
    with reachable(ADDRESS, shell()) as found:
        return found


def answers(to: Endpoint) -> bool:
    """True if ten requests or so, each sent once, all get a prediction."""
    measured = probe(to.url, to.host, asked.digit, asked.mnist.check, rate=5, seconds=2)
    return bool(measured.samples) and not measured.failures


def processes_with(argument: str) -> list[str]:
    """The command lines of this machine that hold the argument."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            words = path.read_text(errors="replace").split("\0")
            if argument in words:
                found.append(" ".join(words))
    return found
