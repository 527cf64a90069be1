"""One writer at a time: a file lock that names who holds it and vanishes with its process."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import progress


@contextmanager
def exclusive(path: Path, what: str) -> Iterator[None]:
    """Hold `path` while the body runs, waiting for as long as another process holds it and saying which one that is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            progress.line(f"waiting    for {what}", f"process {holder} is at it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
        yield
