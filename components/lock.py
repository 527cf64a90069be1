"""The lock file: the digest of each third-party artifact and its source. `make lock` fills it; no entry is invented."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Annotated

from pydantic import Field

from components.base import Args

LOCK_FILE = Path(__file__).with_name("artifacts.lock.json")

Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]


class Locked(Args):
    """`digest`: of the registry manifest of an image or chart (the index, if there is one), or of a release manifest's bytes.

    `source`: origin of the digest, in words or as an address.
    """

    digest: Digest
    source: Annotated[str, Field(min_length=1)]


class Lock(Args):
    """Artifacts by address: `<repository>:<tag>` of an image, `oci://<repository>:<version>` of a chart, the URL of a release manifest."""

    artifacts: dict[str, Locked] = Field(default_factory=dict)

    def digest(self, address: str) -> str | None:
        locked = self.artifacts.get(address)
        return locked.digest if locked else None


@functools.cache
def committed() -> Lock:
    """The repository's own lock file."""
    return parse(LOCK_FILE.read_text())


def parse(text: str) -> Lock:
    return Lock(artifacts={address: Locked.model_validate(entry) for address, entry in json.loads(text).items()})


def render(lock: Lock) -> str:
    """The file's text, sorted, so that two runs with the same result give the same file."""
    entries = {address: locked.model_dump() for address, locked in sorted(lock.artifacts.items())}
    return json.dumps(entries, indent=2) + "\n"
