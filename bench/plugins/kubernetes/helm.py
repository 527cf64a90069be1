"""The Helm command line: each call gets its own kubeconfig and values in files that only this process's user can read."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from bench.plugins.errors import PluginError
from bench.plugins.kubernetes.documents import Json
from bench.plugins.kubernetes.errors import CancelledError

_POLL_SECONDS = 1.0
_STOP_SECONDS = 10.0


class HelmError(PluginError):
    """Helm refused; the message is its own error text."""

    @property
    def not_found(self) -> bool:
        return "release: not found" in str(self)


class HelmCli:
    """Runs `helm` from PATH against one cluster. A cancelled operation interrupts it, as Ctrl-C would."""

    def __init__(self, kubeconfig: dict[str, Any], cancelled: threading.Event) -> None:
        self._kubeconfig = kubeconfig
        self._cancelled = cancelled

    def json(self, *arguments: str) -> Json:
        return json.loads(self.run(*arguments, "--output", "json"))

    def run(self, *arguments: str, values: dict[str, Any] | None = None) -> str:
        """Standard output of one call; `values` go through a file, never the command line. Raises HelmError or CancelledError."""
        with _private_file(self._kubeconfig) as kubeconfig, _private_file(values or {}) as values_file:
            command = ["helm", *arguments, *(["--values", str(values_file)] if values is not None else [])]
            environment = {**os.environ, "KUBECONFIG": str(kubeconfig)}
            try:
                process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            except FileNotFoundError as error:
                raise PluginError("helm is not on PATH: install Helm 3.18 or newer to deploy kubernetes.helm.v3.Release") from error
            output, errors = self._finish(process)
        if process.returncode:
            raise HelmError(errors.strip().removeprefix("Error: ") or f"helm {arguments[0]} failed with code {process.returncode}")
        return output

    def _finish(self, process: subprocess.Popen[str]) -> tuple[str, str]:
        while True:
            try:
                return process.communicate(timeout=_POLL_SECONDS)
            except subprocess.TimeoutExpired:
                if not self._cancelled.is_set():
                    continue
            process.terminate()
            try:
                process.communicate(timeout=_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
            raise CancelledError("interrupted: helm was stopped before it finished")


@contextmanager
def _private_file(content: dict[str, Any]) -> Iterator[Path]:
    descriptor, name = tempfile.mkstemp(prefix="helm-", suffix=".yaml")  # created with mode 0600
    path = Path(name)
    try:
        with os.fdopen(descriptor, "w") as stream:
            yaml.safe_dump(content, stream)
        yield path
    finally:
        path.unlink(missing_ok=True)
