"""Runs other programs: either with their output on the terminal, or to read their answer."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from scripts.errors import DriverError

ROOT = Path(__file__).resolve().parents[1]


def show(command: Sequence[str], env: Mapping[str, str]) -> None:
    """Run a command on the user's terminal. Raises DriverError if it fails; the command has printed the reason."""
    code = subprocess.run(command, env=env, cwd=ROOT, check=False).returncode
    if code != 0:
        raise DriverError(f"`{' '.join(command)}` ended with exit status {code}; the reason is above, and the same make target continues")


def answer(command: Sequence[str], env: Mapping[str, str]) -> str:
    """Standard output of a command; its progress on standard error stays visible."""
    done = subprocess.run(command, env=env, cwd=ROOT, check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise DriverError(f"`{' '.join(command)}` ended with exit status {done.returncode}; the reason is above")
    return done.stdout.strip()
