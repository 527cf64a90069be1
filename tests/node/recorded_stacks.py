"""The graph of every stack, its charts and manifests from the bench's mirror."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from bench.mirror import MIRROR
from tests import stack_files
from tests.graph.recording import Graph, record

STACKS: Mapping[str, Callable[[], dict[str, Any]]] = {"local": stack_files.local}


@functools.cache
def recorded(stack: str) -> Graph:
    mirror = {"charts": str(MIRROR / "charts"), "manifests": str(MIRROR / "manifests"), "digests": "drop"}
    return record({**STACKS[stack](), "mirror": mirror})
