"""A stack file's content as the program's own model."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from stacks.config import StackConfig, parse


def configuration(stack: str, given: Mapping[str, Any]) -> StackConfig:
    """The model of these sections. Encrypted values stay encrypted. Raises ConfigError."""

    async def parsed() -> StackConfig:  # a secret becomes an Output, which needs a running loop
        return parse(_readable(dict(given)), stack)

    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(parsed())
    finally:
        loop.close()


def _readable(value: Any) -> Any:  # noqa: ANN401 - whatever stands in the file
    """Replace `secure: <ciphertext>` by the ciphertext, which is text like the value that it hides."""
    if isinstance(value, dict):
        return value["secure"] if value.keys() == {"secure"} else {key: _readable(item) for key, item in value.items()}
    return [_readable(item) for item in value] if isinstance(value, list) else value
