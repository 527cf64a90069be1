"""The numbers of a model, at random, in the safetensors format."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .shape import Shape

BYTES = 2
"""Bytes of a bfloat16."""


def write(path: Path, shape: Shape, seed: int) -> None:
    """Write the same bytes for the same arguments: the header's length in 8 bytes, the header, then the tensors one after the other."""
    random = np.random.default_rng(seed)
    header: dict[str, Any] = {"__metadata__": {"format": "pt", "origin": f"random, seed {seed}"}}
    end = 0
    for name, dimensions in shape.tensors():
        start, end = end, end + math.prod(dimensions) * BYTES
        header[name] = {"dtype": "BF16", "shape": dimensions, "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for _, dimensions in shape.tensors():
            norm = len(dimensions) == 1
            numbers = np.ones(dimensions, np.float32) if norm else random.standard_normal(dimensions, np.float32) * np.float32(shape.spread)
            file.write(_bfloat16(numbers).tobytes())


def _bfloat16(numbers: npt.NDArray[np.float32]) -> npt.NDArray[np.uint16]:
    """The upper half of each number's bits, rounded; numpy has no type for it."""
    return ((numbers.view(np.uint32) + 0x8000) >> 16).astype(np.uint16)
