"""The cache as one file: whoever has built it once gives it to others, who then build nothing.

The file has the tools, images, charts and service models, each under the digest of what it is made from: a checkout with other
pins builds only what differs, and another architecture takes nothing of it.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from bench import aws_models, build, images, mirror, progress
from bench.errors import BenchError
from bench.lock import exclusive
from bench.paths import CACHE

FILES = "**/*"
PARTS = {"registry": FILES, "images": "*", "bin": "*/*", "mirror": "", "aws-models": "*"}
"""Folder of the cache → its entries. The registry's content comes before the markers of images, which say that it is there. The files of
the mirror have no digest in their names, only keys beside them: they are replaced together."""
LOCKS = (aws_models.LOCK, build.LOCK, images.LOCK, mirror.LOCK)
TOUCHED = 1
"""tar's exit status where a file changed while it was read. Here only times change: a tool is touched when it is used."""
CHUNK = 1 << 20
"""Bytes that are read at a time."""


def push(path: Path) -> str:
    """Write the cache to a file and return its SHA-256. The file appears when it is whole."""
    if path.is_dir():
        raise BenchError(f"{path} is a folder; write a file in it")
    if not path.absolute().parent.is_dir():
        raise BenchError(f"{path}: its folder does not exist; make it first")
    partial = path.with_name(f"{path.name}.partial")
    present = [name for name in PARTS if (CACHE / name).is_dir()]
    if not present:
        raise BenchError(f"{CACHE} is empty; run: python -m bench build")
    command = ["tar", "--create", "--use-compress-program=gzip -1", f"--file={partial}", "--exclude=*.partial", f"--directory={CACHE}"]
    try:
        with _alone(), progress.step(f"writing    {path.name}"):
            _tar([*command, *present])
        partial.replace(path)
    except OSError as error:
        raise BenchError(f"{path}: {error.strerror or error}") from None
    finally:
        partial.unlink(missing_ok=True)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def pull(source: str) -> None:
    """Add to the cache what a file or URL has and the cache lacks. `<source>#sha256=<digest>` names what the file must be.

    Raises BenchError if the file is not there, is damaged or is another one; then nothing of it is kept.
    """
    place, marker, expected = source.partition("#sha256=")
    if marker and not re.fullmatch("[0-9a-f]{64}", expected):
        raise BenchError(f"#sha256={expected} is no SHA-256, which has 64 digits of 0-9 and a-f; `cache-push` prints it")
    folder = CACHE / "pull.partial"
    with _alone():
        shutil.rmtree(folder, ignore_errors=True)  # of a pull that was killed
        folder.mkdir(parents=True)
        try:
            with progress.step(f"reading    {Path(place).name}"), _opened(place) as file:
                found = _unpack(file, folder)
            if expected and found != expected:
                raise BenchError(f"{place} has the SHA-256 {found}, not {expected}; nothing of it was taken")
            if not any((folder / part).is_dir() for part in PARTS):
                raise BenchError(f"{place} is no archive of a cache: it has none of {', '.join(PARTS)}")
            _add_parts(folder)
        finally:
            shutil.rmtree(folder)


def _add_parts(folder: Path) -> None:
    for part, entries in PARTS.items():
        if entries:
            _add(folder / part, CACHE / part, entries)
        elif (folder / part).is_dir():
            shutil.rmtree(CACHE / part, ignore_errors=True)
            (folder / part).replace(CACHE / part)


@contextmanager
def _opened(place: str) -> Iterator[BinaryIO]:
    try:
        if "://" in place:
            with urllib.request.urlopen(place) as answer:  # noqa: S310 - the user names the place
                yield answer
        else:
            with Path(place).open("rb") as file:
                yield file
    except OSError as error:
        raise BenchError(f"{place}: {getattr(error, 'reason', None) or error.strerror or error}") from None


def _unpack(file: BinaryIO, folder: Path) -> str:
    """Unpack while the file comes and return its SHA-256, so that it never lies on the disk as a whole."""
    digest = hashlib.sha256()
    command = ["tar", "--extract", "--gzip", "--file=-", "--no-same-owner", f"--directory={folder}"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin  # noqa: S101 - it is a pipe
        try:
            while content := file.read(CHUNK):
                digest.update(content)
                process.stdin.write(content)
            process.stdin.close()
        except BrokenPipeError:
            pass  # tar has ended, and says why
        said = process.stderr.read().decode(errors="replace") if process.stderr else ""
    if process.returncode:
        raise BenchError(
            f"the file is no archive of a cache, or is damaged: {said.strip().splitlines()[0] if said.strip() else 'tar failed'}"
        )
    return digest.hexdigest()


def _add(found: Path, present: Path, entries: str) -> None:
    """Move the entries that are missing, each at once: one that is there is whole, and has the content that its name promises."""
    for entry in sorted(found.glob(entries)):
        target = present / entry.relative_to(found)
        if not target.exists() and (entries != FILES or entry.is_file()):
            target.parent.mkdir(parents=True, exist_ok=True)
            entry.replace(target)


@contextmanager
def _alone() -> Iterator[None]:
    """Nothing builds meanwhile."""
    with ExitStack() as stack:
        for lock in LOCKS:
            stack.enter_context(exclusive(lock, "a build"))
        yield


def _tar(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in (0, TOUCHED):
        raise BenchError(f"tar failed: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}")
