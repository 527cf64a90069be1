"""Runs other programs: either with their output on the terminal, or to read their answer."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from textwrap import shorten
from types import FrameType

from scripts.errors import DriverError

INSTALLATION = {
    "pulumi": "https://www.pulumi.com/docs/iac/download-install/",
    "kubectl": "https://kubernetes.io/docs/tasks/tools/",
    "helm": "https://helm.sh/docs/intro/install/",
}
"""Program that a user with a cluster of their own brings along → the page that says how to install it."""

SHOWN = 120
"""Most characters of a failed command that a message repeats."""
ROOT = Path(__file__).resolve().parents[1]


def show(command: Sequence[str], env: Mapping[str, str]) -> None:
    """Run a command on the user's terminal. Raises DriverError if it fails; the command has printed the reason.

    Ctrl-C and SIGTERM raise KeyboardInterrupt, but only after the command has ended in its own way: pulumi records what it has made.
    """
    with _named(command), subprocess.Popen(command, env=env, cwd=ROOT) as process, _interruptions(process) as signals:
        code = process.wait()
    if signals:
        raise KeyboardInterrupt
    if code != 0:
        raise DriverError(
            f"`{_words(command)}` ended with exit status {code}; the reason is above; once it is mended, the same make target continues"
        )


@contextmanager
def _interruptions(process: subprocess.Popen[bytes]) -> Iterator[list[int]]:
    """Collect the signals that would end this program meanwhile. A terminal sends Ctrl-C to the command too; SIGTERM is passed on, once."""
    signals: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGTERM and not signals:
            process.send_signal(number)
        signals.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def answer(command: Sequence[str], env: Mapping[str, str]) -> str:
    """Standard output of a command; its progress on standard error stays visible."""
    with _named(command):
        done = subprocess.run(command, env=env, cwd=ROOT, check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise DriverError(f"`{_words(command)}` ended with exit status {done.returncode}; the reason is above")
    return done.stdout.strip()


@contextmanager
def _named(command: Sequence[str]) -> Iterator[None]:
    """Raise DriverError, with the way to install it, for a program that is not on PATH."""
    try:
        yield
    except FileNotFoundError:
        page = INSTALLATION.get(command[0])
        remedy = f"install it ({page}), or unset KUBECONFIG to use the bench's node, which has one" if page else "install it"
        raise DriverError(f"`{command[0]}` is not on PATH: {remedy}") from None


def _words(command: Sequence[str]) -> str:
    return shorten(" ".join(command), SHOWN)
