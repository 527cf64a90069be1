"""`python -m bench.early_images JSON`: builds images while Go builds the tools, which do not go into them.

These images wait for downloads most of the time, and the compiler for processors: together they take less time than one after the other.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from bench import images
from bench.image_table import IMAGES
from bench.paths import CACHE

LOG = CACHE / "log" / "early-images.log"


@dataclass(frozen=True)
class OwnImage:
    """An image of the user's: a stage of the Containerfile in a folder, as `bench image` builds it."""

    name: str
    folder: str
    target: str


def start(references: Iterable[str], own: Iterable[OwnImage] = ()) -> None:
    """Start to build those of the bench's images that need no tool, and then the user's. The registry's program must be there.

    A failure is left to `images.ensure` and `bench image`, which wait for this build, make what is missing, and report.
    """
    early = [reference for reference in references if not IMAGES[reference].needs_tools]
    work = json.dumps({"references": early, "own": [asdict(image) for image in own]})
    LOG.parent.mkdir(parents=True, exist_ok=True)
    # The kernel ends it with this process, even if this process is killed with SIGKILL.
    command = ["setpriv", "--pdeathsig", "TERM", "--", sys.executable, "-m", "bench.early_images", work]
    with LOG.open("w") as log:
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def main(work: str) -> None:
    given = json.loads(work)
    images.ensure(given["references"])
    for image in given["own"]:
        images.build_context(Path(image["folder"]), image["name"], target=image["target"])


if __name__ == "__main__":
    main(sys.argv[1])
