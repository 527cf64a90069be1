"""`python -m bench.early_images JSON`: builds images while Go builds the tools; an image of a tool as soon as that tool is there.

Images wait for downloads and disks most of the time, and the compiler for processors: together they take less time.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from bench import build, images
from bench.confined import ended_with_this_process
from bench.image_table import IMAGES
from bench.paths import CACHE

SECONDS_BETWEEN_LOOKS = 2
"""A tool takes 5 s at least."""

LOG = CACHE / "log" / "early-images.log"


@dataclass(frozen=True)
class OwnImage:
    """An image of the user's: a stage of the Containerfile in a folder, as `bench image` builds it."""

    name: str
    folder: str
    target: str


def start(references: Iterable[str], own: Iterable[OwnImage] = ()) -> None:
    """Start to build those of the bench's images that need no tool, then the user's, then the others. The registry's program must be there.

    A failure is left to `images.ensure` and `bench image`, which wait for this build, make what is missing, and report.
    """
    work = json.dumps({"references": list(references), "own": [asdict(image) for image in own]})
    LOG.parent.mkdir(parents=True, exist_ok=True)
    command = ended_with_this_process([sys.executable, "-m", "bench.early_images", work])
    with LOG.open("w") as log:
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def main(work: str) -> None:
    given = json.loads(work)
    later = given["references"]
    ready = [reference for reference in later if not IMAGES[reference].tools]
    images.ensure(ready)
    for image in given["own"]:
        images.build_context(Path(image["folder"]), image["name"], target=image["target"])
    while later := [reference for reference in later if reference not in ready]:
        ready = [reference for reference in later if not build.missing(IMAGES[reference].tools)]
        images.ensure(ready)
        time.sleep(0 if ready else SECONDS_BETWEEN_LOOKS)


if __name__ == "__main__":
    main(sys.argv[1])
