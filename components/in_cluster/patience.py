"""Repeats a question until its answer is right, or until PATIENCE_SECONDS of the environment are over."""

import os
import sys
import time
from collections.abc import Callable

LONGEST_MESSAGE = 4000
"""Characters. Kubernetes keeps 4096 bytes of a container's last words."""


def ask(obstacle: Callable[[], str | None], complaint: str) -> int:
    """Ask once a second for the obstacle. Return 0 when there is none, else print `complaint` with the last one and return 1."""
    end = time.monotonic() + float(os.environ["PATIENCE_SECONDS"])
    while reason := obstacle():
        if time.monotonic() > end:
            print(f"{complaint}: {reason}"[:LONGEST_MESSAGE], file=sys.stderr)
            return 1
        time.sleep(1)
    return 0
