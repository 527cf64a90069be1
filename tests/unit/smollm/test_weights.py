"""The stand-in for SmolLM: its shape is the published one, and the file is one that any reader of safetensors takes."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from smollm import weights
from smollm.shape import VOCABULARY, Shape

SMALL = Shape(layers=1, hidden=18, intermediate=24)


def read(path: Path) -> tuple[dict[str, Any], npt.NDArray[np.float32]]:
    """Header, and all numbers one after the other."""
    content = path.read_bytes()
    end = 8 + int.from_bytes(content[:8], "little")
    halves = np.frombuffer(content[end:], np.uint16).astype(np.uint32) << 16
    return json.loads(content[8:end]), halves.view(np.float32)


def test_it_has_as_many_numbers_as_are_published() -> None:
    assert sum(math.prod(dimensions) for _, dimensions in Shape().tensors()) == 134_515_008


def test_the_tensors_follow_one_another_and_fill_the_file(tmp_path: Path) -> None:
    weights.write(tmp_path / "model", SMALL, seed=1)
    header, numbers = read(tmp_path / "model")
    assert header.pop("__metadata__") == {"format": "pt", "origin": "random, seed 1"}
    end = 0
    for name, dimensions in SMALL.tensors():
        size = math.prod(dimensions) * weights.BYTES
        assert header.pop(name) == {"dtype": "BF16", "shape": list(dimensions), "data_offsets": [end, end + size]}
        end += size
    assert header == {}
    assert len(numbers) * weights.BYTES == end


def test_the_numbers_are_spread_as_a_fresh_model_s_and_norms_are_one(tmp_path: Path) -> None:
    weights.write(tmp_path / "model", SMALL, seed=1)
    _, numbers = read(tmp_path / "model")
    embedding, norm = numbers[: VOCABULARY * SMALL.hidden], numbers[-SMALL.hidden :]
    assert float(embedding.mean()) == pytest.approx(0, abs=1e-3)
    assert float(embedding.std()) == pytest.approx(SMALL.spread, rel=0.01)
    assert norm.tolist() == [1.0] * SMALL.hidden


def test_the_same_seed_is_the_same_model_and_another_is_not(tmp_path: Path) -> None:
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        weights.write(tmp_path / name, SMALL, seed)
    one, again, other = (read(tmp_path / name)[1] for name in ("one", "again", "other"))
    assert np.array_equal(one, again)
    assert not np.array_equal(one[:100], other[:100])


def test_layers_are_all_that_a_smaller_model_has_fewer_of() -> None:
    small, whole = (Shape(layers=2).config(), Shape().config())
    assert small == {**whole, "num_hidden_layers": 2}
    assert {name.split(".")[2] for name, _ in Shape(layers=2).tensors() if ".layers." in name} == {"0", "1"}
