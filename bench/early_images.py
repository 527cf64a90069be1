"""`python -m bench.early_images REFERENCE...`: builds images while Go builds the tools, which do not go into them.

These images wait for downloads most of the time, and the compiler for processors: together they take less time than one after the other.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable

from bench import images
from bench.image_table import IMAGES
from bench.paths import CACHE

LOG = CACHE / "log" / "early-images.log"


def start(references: Iterable[str]) -> None:
    """Start to build those of the images that need no tool. The registry's program must be there.

    A failure is left to `images.ensure`, which waits for this build, makes what is missing, and reports.
    """
    early = [reference for reference in references if not IMAGES[reference].needs_tools]
    LOG.parent.mkdir(parents=True, exist_ok=True)
    # The kernel ends it with this process, even if this process is killed with SIGKILL.
    command = ["setpriv", "--pdeathsig", "TERM", "--", sys.executable, "-m", "bench.early_images", *early]
    with LOG.open("w") as log:
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


if __name__ == "__main__":
    images.ensure(sys.argv[1:])
