"""Run a program and return its output, or raise an error that the user can act on."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from bench.errors import BenchError


def run(argv: Sequence[str], *, stdin: str | None = None) -> str:
    """Standard output of `argv`. Raises BenchError with the program's last words if it fails or is not installed."""
    try:
        done = subprocess.run(list(argv), input=stdin, check=True, capture_output=True, text=True)
    except FileNotFoundError:
        raise BenchError(f"{argv[0]} is not installed; run: python -m bench doctor") from None
    except subprocess.CalledProcessError as error:
        words = (error.stderr or error.stdout or "no message").strip()
        raise BenchError(f"{argv[0]} failed with code {error.returncode}: {words}") from None
    return done.stdout
