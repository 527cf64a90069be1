"""What is shown of this stack, and what it is held to: the objectives of its models."""

from __future__ import annotations

from stacks.config import StackConfig
from stacks.platform import Platform


def build(config: StackConfig, platform: Platform) -> None:  # noqa: ARG001 - replaced when observability by kind is merged
    return None
