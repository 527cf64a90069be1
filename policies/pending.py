"""Images without a digest that an `up` already refuses: the program's list names them once, so the rule does not repeat them.

If the stack file says `safeguards.digests: required`, the program ends an `up` before it creates anything as long as the lock file lacks
the digest of a pin (stacks/supply.py). A preview still shows the whole plan; the rule `image-digest` then skips those
pins and no other image. With any other setting, the program ends nothing and the rule skips no image.
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
"""The variable with the stack's configuration for a pack (pulumi:sdk/go/common/resource/plugin/analyzer_plugin.go)."""

ANY = Image(repository="any", tag="1")


@dataclass(frozen=True)
class Pending:
    """`references`: whole references without a digest. `beginnings`: prefixes of images that only a release manifest names."""

    references: frozenset[str] = frozenset()
    beginnings: tuple[str, ...] = ()

    def __contains__(self, reference: str) -> bool:
        return reference in self.references or reference.startswith(self.beginnings)


NOTHING_PENDING = Pending()


def pending(environment: Mapping[str, str]) -> Pending:
    """Return the images without a digest in the lock file, under the names in the stack's mirror."""
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
    """Prefix in the mirror of images with this prefix."""
    example = ANY.model_copy(update={"repository": f"{beginning}{ANY.repository}"})
    return mirror.image(example).repository.removesuffix(ANY.repository)


def _section(configuration: Mapping[str, str], name: str) -> dict[str, Any]:
    return dict(json.loads(configuration.get(f"{PROJECT}:{name}") or "{}"))
