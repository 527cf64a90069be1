"""Whether everything that the platform downloads is known by its digest."""

from __future__ import annotations

import pulumi

from components.artifacts import missing
from components.lock import LOCK_FILE, committed
from components.pins import PINS
from stacks.config import StackConfig


def check(config: StackConfig) -> None:
    """Warns in a preview; refuses an `up` where digests are required. Raises pulumi.RunError.

    To be called before anything is registered: what is registered already is still made when the program fails.
    """
    if config.mirror.digests == "drop":
        return
    unknown = missing(PINS.values(), committed())
    if not unknown:
        return
    text = (
        f"{len(unknown)} artifacts have no digest in components/{LOCK_FILE.name}; run `make lock` where their registries can be reached:\n"
    )
    text += "\n".join(f"  {address}" for address in unknown)
    if config.safeguards.digests == "required" and not pulumi.runtime.is_dry_run():
        raise pulumi.RunError(f"safeguards.digests: required: {text}")
    pulumi.log.warn(text)
