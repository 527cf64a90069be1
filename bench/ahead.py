"""`python -m bench.ahead TOOL...`: downloads and compiles tools while another is built, with the processor time that it leaves.

The linker and the compiler of a large package use one processor: a tenth of two is idle while a tool is built. Its own
build finds in Go's cache the packages that are compiled here, and reports it if one of them fails.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from bench import go_program
from bench.confined import ended_with_this_process
from bench.tools import KNOWN, Tool

LEAST_URGENT = ("nice", "-n", "19")


@contextmanager
def compiling(tools: Sequence[Tool], environment: dict[str, str]) -> Iterator[None]:
    """Compile these tools in this order in Go's `environment` while the body runs."""
    if not tools:
        yield
        return
    command = ended_with_this_process([*LEAST_URGENT, sys.executable, "-m", "bench.ahead", *(tool.name for tool in tools)])
    nothing = subprocess.DEVNULL
    with subprocess.Popen(command, env=environment, process_group=0, stdin=nothing, stdout=nothing, stderr=nothing) as process:
        try:
            yield
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def main(names: Sequence[str]) -> None:
    for tool in (KNOWN[name] for name in names):
        listing = [go_program.program(), "list", "-e", "-export", "-deps", "-p=1", *tool.flags, *tool.binaries.values()]
        subprocess.run(ended_with_this_process(listing), cwd=tool.folder, check=False)


if __name__ == "__main__":
    main(sys.argv[1:])
