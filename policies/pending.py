"""Images without a digest that an `up` refuses by itself: named once, in the program's own list, and not again for each resource.

Where the stack file says `safeguards.digests: required`, the program ends an `up` before it makes anything as long as the lock file has
no digest of some pin (stacks/supply.py). A preview shows the whole plan all the same; the rule `image-digest` then passes over those
pins, and over no other image. Where the stack file says anything else, the program ends nothing and the rule passes over none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.artifacts import Image, Manifest, Mirror
from components.base import PROJECT
from components.lock import committed
from components.pins import PINS

CONFIGURATION = "PULUMI_CONFIG"
"""The variable in which Pulumi hands a pack the stack's configuration (pulumi:sdk/go/common/resource/plugin/analyzer_plugin.go)."""

ANY = Image(repository="any", tag="1")


@dataclass(frozen=True)
class Pending:
    """`references`: whole references, without a digest. `beginnings`: of images that only a release manifest names."""

    references: frozenset[str] = frozenset()
    beginnings: tuple[str, ...] = ()

    def __contains__(self, reference: str) -> bool:
        return reference in self.references or reference.startswith(self.beginnings)


NOTHING_PENDING = Pending()


def pending(environment: Mapping[str, str]) -> Pending:
    """Return what the lock file has no digest of, under the names that the stack's mirror gives it."""
    configuration = json.loads(environment.get(CONFIGURATION) or "{}")
    if _section(configuration, "safeguards").get("digests") != "required":
        return NOTHING_PENDING
    lock, mirror = committed(), Mirror(**_section(configuration, "mirror"))
    unknown = [pin for pin in PINS.values() if not getattr(pin, "digest", None) and not lock.digest(pin.address)]
    manifests = {pin.images for pin in unknown if isinstance(pin, Manifest) and pin.images}
    return Pending(
        frozenset(mirror.image(pin).reference for pin in unknown if isinstance(pin, Image)),
        tuple(sorted(_placed(beginning, mirror) for beginning in manifests)),
    )


def _placed(beginning: str, mirror: Mirror) -> str:
    """Where the mirror has images whose names begin so."""
    example = ANY.model_copy(update={"repository": f"{beginning}{ANY.repository}"})
    return mirror.image(example).repository.removesuffix(ANY.repository)


def _section(configuration: Mapping[str, str], name: str) -> dict[str, Any]:
    return dict(json.loads(configuration.get(f"{PROJECT}:{name}") or "{}"))
