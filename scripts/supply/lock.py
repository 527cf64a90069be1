"""`make lock`: asks every pin's source for its digest and writes the digests to components/artifacts.lock.json.

No digest is invented: an unreachable pin keeps its entry, or stays missing and is named. A tag whose digest has changed
is an error, because a pinned version must not change; find out why, then remove the entry and run the command again.
Each digest is written when it comes, so the same command goes on after an interruption. A report goes to build/lock.md.
"""

from __future__ import annotations

import hashlib
import sys
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from components import oci
from components.artifacts import OCI, Chart, Image, Manifest
from components.lock import LOCK_FILE, Lock, Locked, parse, render
from components.pins import PINS
from scripts import whole_file

Pin = Chart | Manifest | Image
Source = Callable[[Pin], str]

REPORT_FILE = LOCK_FILE.parents[1] / "build" / "lock.md"
"""Body of the pull request of .github/workflows/lock.yml."""
TIMEOUT_SECONDS = 60
AT_ONCE = 32
"""Requests at a time. They wait for different hosts, so one slow registry does not hold up the rest."""
INTERRUPTED = 130
"""Exit code of a program that was stopped with Ctrl-C, by shell convention."""
LINES_BETWEEN = 10
"""Answers between two lines of progress where the output is no terminal."""


def main(path: Path = LOCK_FILE, report_file: Path = REPORT_FILE) -> int:
    before, pins = parse(path.read_text()), list(PINS.values())
    after, problems = before, list[str]()
    try:
        for step in steps(before, pins, upstream_digest):
            after = step.lock
            problems += [step.problem] if step.problem else []
            whole_file.write(path, render(after))
            _show(sys.stderr, step.asked, len(pins))
    except KeyboardInterrupt:
        print(f"\nstopped: {len(after.artifacts)} of {len(pins)} pins have a digest; make lock goes on", file=sys.stderr)
        return INTERRUPTED
    text = report(before, after, problems, len(pins))
    print(text, end="")
    report_file.parent.mkdir(exist_ok=True)
    report_file.write_text(text)
    return 1 if problems else 0


@dataclass(frozen=True)
class Step:
    """One more answer: the lock with it, how many pins were asked so far, and the pin's problem if it has one."""

    lock: Lock
    asked: int
    problem: str | None = None


def steps(lock: Lock, pins: Sequence[Pin], source: Source) -> Iterator[Step]:
    """Ask for all digests at once and give each answer as it comes. The lock has entries of exactly these pins."""
    entries = {pin.address: lock.artifacts[pin.address] for pin in pins if pin.address in lock.artifacts}
    yield Step(Lock(artifacts=entries), 0)
    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        asked = {pool.submit(source, pin): pin.address for pin in pins}
        for number, answer in enumerate(as_completed(asked), 1):
            address = asked[answer]
            locked, problem = _judged(address, entries.get(address), answer)
            entries |= {address: locked} if locked else {}
            yield Step(Lock(artifacts=dict(entries)), number, problem)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _judged(address: str, known: Locked | None, answer: Future[str]) -> tuple[Locked | None, str | None]:
    """The pin's entry and its problem. An error that is no answer of a network is a mistake of this command and is raised."""
    error = answer.exception()
    if isinstance(error, oci.RegistryError | OSError):
        return known, None if known else f"missing: {address}: {error}"
    digest = answer.result()
    if known and known.digest != digest:
        return known, f"changed: {address}: locked as {known.digest}, its source now has {digest}"
    return known or Locked(digest=digest, source=address), None


def report(before: Lock, after: Lock, problems: list[str], pins: int) -> str:
    """Return, as Markdown, how many pins have a digest, which entries came and went, and every problem."""
    added = [f"`{address}`: {entry.digest}" for address, entry in sorted(after.artifacts.items()) if address not in before.artifacts]
    removed = [f"`{address}`" for address in sorted(before.artifacts) if address not in after.artifacts]
    parts = {"Added": added, "Removed, since nothing pins them": removed, "Problems": sorted(problems)}
    lists = [f"\n{title}:\n" + "".join(f"- {line}\n" for line in lines) for title, lines in parts.items() if lines]
    return f"{len(after.artifacts)} of {pins} pins have a digest.\n" + "".join(lists)


def _show(out: TextIO, asked: int, pins: int) -> None:
    if out.isatty():
        print(f"\r{asked} of {pins} pins asked", end="\n" if asked == pins else "", file=out, flush=True)
    elif asked and (asked % LINES_BETWEEN == 0 or asked == pins):
        print(f"{asked} of {pins} pins asked", file=out, flush=True)


def upstream_digest(pin: Pin) -> str:
    """The digest at the pin's source. Raises RegistryError or OSError if the source does not answer."""
    if isinstance(pin, Image) or pin.address.startswith(OCI):
        return oci.digest(pin.address.removeprefix(OCI))
    with urllib.request.urlopen(pin.address, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - pins are https://
        return f"sha256:{hashlib.sha256(answer.read()).hexdigest()}"


if __name__ == "__main__":
    sys.exit(main())
