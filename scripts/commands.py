"""Runs other programs: either with their output on the terminal, or to read their answer."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from scripts.errors import DriverError

INSTALLATION = {
    "pulumi": "https://www.pulumi.com/docs/iac/download-install/",
    "kubectl": "https://kubernetes.io/docs/tasks/tools/",
    "helm": "https://helm.sh/docs/intro/install/",
}
"""Program that a user with a cluster of their own brings along → the page that says how to install it."""

ROOT = Path(__file__).resolve().parents[1]


def show(command: Sequence[str], env: Mapping[str, str]) -> None:
    """Run a command on the user's terminal. Raises DriverError if it fails; the command has printed the reason."""
    code = _run(command, env).returncode
    if code != 0:
        raise DriverError(f"`{' '.join(command)}` ended with exit status {code}; the reason is above, and the same make target continues")


def answer(command: Sequence[str], env: Mapping[str, str]) -> str:
    """Standard output of a command; its progress on standard error stays visible."""
    done = _run(command, env, stdout=subprocess.PIPE)
    if done.returncode != 0:
        raise DriverError(f"`{' '.join(command)}` ended with exit status {done.returncode}; the reason is above")
    return done.stdout.strip()


def _run(command: Sequence[str], env: Mapping[str, str], stdout: int | None = None) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, env=env, cwd=ROOT, check=False, stdout=stdout, text=True)
    except FileNotFoundError:
        page = INSTALLATION.get(command[0])
        remedy = f"install it ({page}), or unset KUBECONFIG to use the bench's node, which has one" if page else "install it"
        raise DriverError(f"`{command[0]}` is not on PATH: {remedy}") from None
