"""Writes random weights of SmolLM-135M's shape, which a server loads in its place. They measure a server; its answers mean nothing."""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path

from . import tokenizer, weights
from .shape import END, PAD, START, Shape

SEED = 20261121
NOTICE = """\
# Random weights

These are not SmolLM-135M's weights. They have its published shape (HuggingFaceTB/SmolLM-135M-Instruct: config.json), so they take its
memory and its time, but the numbers are random (seed {seed}), the tokenizer is a small one of our own, and the answers mean nothing.
"""


def make(folder: Path, shape: Shape, seed: int = SEED) -> int:
    """Write all files that a server needs to `folder`, the same bytes for the same arguments; return the count of numbers."""
    folder.mkdir(parents=True, exist_ok=True)
    weights.write(folder / "model.safetensors", shape, seed)
    generation = {"bos_token_id": START, "eos_token_id": END, "pad_token_id": PAD}
    for name, content in {"config.json": shape.config(), "generation_config.json": generation}.items():
        (folder / name).write_text(json.dumps(content, indent=2) + "\n")
    tokenizer.write(folder, shape.context)
    (folder / "README.md").write_text(NOTICE.format(seed=seed))
    return sum(math.prod(dimensions) for _, dimensions in shape.tensors())


def main() -> None:
    """`python -m smollm.making FOLDER`."""
    parser = argparse.ArgumentParser(description="Write RANDOM weights of SmolLM-135M's shape, with a tokenizer that works offline.")
    parser.add_argument("folder", type=Path, help="where config.json, model.safetensors and the tokenizer go")
    parser.add_argument("--layers", type=int, default=Shape.layers, help="fewer are smaller and quicker (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=SEED, help="another seed is another model (default: %(default)s)")
    args = parser.parse_args()
    count = make(args.folder, Shape(layers=args.layers), args.seed)
    print(f"{args.folder}: {count:,} RANDOM numbers (seed {args.seed}): the answers of this model mean nothing")


if __name__ == "__main__":
    main()
