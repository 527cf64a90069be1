"""`make lock`: asks every pin's source for its digest and writes the digests to components/artifacts.lock.json.

No digest is invented: an unreachable pin keeps its entry, or stays missing and is named. A tag whose digest has changed
is an error, because a pinned version must not change; find out why, then remove the entry and run the command again.
"""

from __future__ import annotations

import hashlib
import sys
import urllib.request
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from components import oci
from components.artifacts import OCI, Chart, Image, Manifest
from components.lock import LOCK_FILE, Lock, Locked, parse, render
from components.pins import PINS

Pin = Chart | Manifest | Image
Source = Callable[[Pin], str]

TIMEOUT_SECONDS = 60
AT_ONCE = 8


def main(path: Path = LOCK_FILE) -> int:
    lock, problems = refreshed(parse(path.read_text()), PINS.values(), upstream_digest)
    path.write_text(render(lock))
    print(f"{path.name}: {len(lock.artifacts)} of {len(PINS)} pins have a digest")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


def refreshed(lock: Lock, pins: Iterable[Pin], source: Source) -> tuple[Lock, list[str]]:
    """The lock of exactly these pins, and one line for each whose digest is unknown or has changed."""
    found: dict[str, Locked] = {}
    problems: list[str] = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        asked = [(pin.address, pool.submit(source, pin)) for pin in pins]
    for address, answer in asked:
        known = lock.artifacts.get(address)
        if known:
            found[address] = known
        error = answer.exception()
        if isinstance(error, oci.RegistryError | OSError):
            if not known:
                problems.append(f"missing: {address}: {error}")
            continue
        digest = answer.result()
        if known and known.digest != digest:
            problems.append(f"changed: {address}: locked as {known.digest}, its source now has {digest}")
        elif not known:
            found[address] = Locked(digest=digest, source=address)
    return Lock(artifacts=found), problems


def upstream_digest(pin: Pin) -> str:
    """The digest at the pin's source. Raises RegistryError or OSError if the source does not answer."""
    if isinstance(pin, Image) or pin.address.startswith(OCI):
        return oci.digest(pin.address.removeprefix(OCI))
    with urllib.request.urlopen(pin.address, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - pins are https://
        return f"sha256:{hashlib.sha256(answer.read()).hexdigest()}"


if __name__ == "__main__":
    sys.exit(main())
