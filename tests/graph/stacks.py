"""The committed stacks on AWS, recorded once for a session: what only the internet has is replaced by stand-ins.

The stand-ins' digests are of nothing real: `complete_lock` makes them, so that prod, which insists on digests, can be recorded as an `up`.
"""

from __future__ import annotations

import functools
import hashlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from components import lock
from components.artifacts import Chart, Image, Manifest
from components.lock import Lock, Locked
from components.pins import PINS
from tests import stack_files
from tests.graph.recording import Graph, record
from tests.release_manifests import write

STACKS: Mapping[str, Callable[[], dict[str, Any]]] = {"dev": stack_files.dev, "prod": stack_files.prod}
NOTHING_REAL = "made up by a test; the digest of nothing that could be pulled"


@functools.cache
def recorded(stack: str) -> Graph:
    """The graph of `Pulumi.<stack>.yaml`, as an `up` of an empty account registers it."""
    with stand_ins() as manifests:
        return record({**STACKS[stack](), "mirror": {"manifests": str(manifests)}})


def local(**changes: Any) -> Graph:  # noqa: ANN401 - any YAML
    """The graph of `Pulumi.local.yaml` as `make up` completes it, with keys changed as in stack_files.local."""
    return _local(stack_files.local(**changes))


@functools.cache
def local_with_smollm() -> Graph:
    """The same as `make up WITH=smollm-text-generation` completes it."""
    return _local(stack_files.local_with_smollm())


def _local(values: dict[str, Any]) -> Graph:
    with stand_ins() as manifests:
        return record({**values, "mirror": {"manifests": str(manifests), "digests": "drop"} | values.get("mirror", {})})


@contextmanager
def stand_ins() -> Iterator[Path]:
    """A folder for `mirror.manifests`, and a lock in which every pin has a digest."""
    with tempfile.TemporaryDirectory() as folder:
        manifests = write(Path(folder))
        with complete_lock(manifests):
            yield manifests


@contextmanager
def complete_lock(manifests: Path) -> Iterator[None]:
    """Instead of the committed lock file."""
    file = manifests / lock.LOCK_FILE.name
    file.write_text(lock.render(stand_in_lock(manifests)))
    with patch.object(lock, "LOCK_FILE", file):
        lock.committed.cache_clear()
        try:
            yield
        finally:
            lock.committed.cache_clear()


def stand_in_lock(manifests: Path) -> Lock:
    """A digest for each artifact: for charts and images the hash of their address, for manifests that of the bytes in this folder."""
    return Lock(artifacts={pin.address: Locked(digest=_digest(_content(pin, manifests)), source=NOTHING_REAL) for pin in PINS.values()})


def _content(pin: Chart | Manifest | Image, manifests: Path) -> bytes:
    if isinstance(pin, Manifest):
        return (manifests / f"{pin.name}-{pin.version}.yaml").read_bytes()
    return pin.address.encode()


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
