"""Trains the MNIST network on real digits, deterministically, and writes its weights and where they came from."""

import argparse
import hashlib
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 (PyTorch's own spelling)

from . import digits
from .model import WEIGHTS_FILE, MnistCnn

EPOCHS = 12
BATCH = 64
LEARNING_RATE = 3e-3
MAX_SHIFT = 1  # pixels: handwriting isn't centred, and 1,397 digits are few
MIN_ACCURACY = 0.97


class TrainingError(Exception):
    """Training gave nothing to publish; the message is one line."""


def train(folder: Path) -> dict[str, Any]:
    """Trains, checks on the held-out digits, writes WEIGHTS_FILE and its `.json` record into `folder`; returns the record.

    Raises TrainingError when the held-out accuracy is below MIN_ACCURACY: such weights must not be published.
    """
    torch.manual_seed(digits.SEED)
    torch.set_num_threads(1)  # how sums are split over threads changes their last bits
    torch.use_deterministic_algorithms(True)
    source = digits.load()
    split = digits.split(source.labels)
    images, labels, origin = _with_mnist(source.only(split.train))
    model = _fit(images, labels)
    held_out = source.only(split.held_out)
    accuracy = _accuracy(model, torch.from_numpy(held_out.images)[:, None], torch.from_numpy(held_out.labels))
    if accuracy < MIN_ACCURACY:
        raise TrainingError(f"held-out accuracy is {accuracy:.4f}, below {MIN_ACCURACY}: nothing written")
    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / WEIGHTS_FILE
    torch.save(model.state_dict(), weights)
    record = {
        "source": origin,
        "seed": digits.SEED,
        "train_ids": split.train,
        "held_out_ids": split.held_out,
        "held_out_accuracy": accuracy,
        "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
    }
    weights.with_suffix(".json").write_text(json.dumps(record) + "\n")
    return record


def _with_mnist(train: digits.Digits) -> tuple[Tensor, Tensor, str]:
    """The training digits, and MNIST's training set with them where torchvision is installed and can download it."""
    images, labels = torch.from_numpy(train.images)[:, None], torch.from_numpy(train.labels)
    try:
        from torchvision.datasets import MNIST

        mnist = MNIST("/tmp/mnist", train=True, download=True)  # noqa: S108 (public data, checked by torchvision's hashes)
    except (ImportError, RuntimeError, OSError) as error:
        print(f"MNIST isn't available ({error}): training on scikit-learn's digits", file=sys.stderr)
        return images, labels, "scikit-learn digits"
    return torch.cat([images, mnist.data[:, None].float() / 255]), torch.cat([labels, mnist.targets]), "scikit-learn digits and MNIST"


def _fit(images: Tensor, labels: Tensor) -> MnistCnn:
    model = MnistCnn()
    model.train()
    # MNIST is forty times as many images: the same number of steps, not of epochs, is what is needed.
    epochs = max(1, EPOCHS * 1400 // len(images))
    steps = epochs * -(-len(images) // BATCH)
    optimiser = torch.optim.Adam(model.parameters(), LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LEARNING_RATE, total_steps=steps)
    order = np.random.default_rng(digits.SEED)
    for _ in range(epochs):
        for batch in torch.from_numpy(order.permutation(len(images))).split(BATCH):
            optimiser.zero_grad()
            F.cross_entropy(model(_shifted(images[batch], order)), labels[batch]).backward()
            optimiser.step()
            schedule.step()
    model.eval()
    return model


def _shifted(images: Tensor, random: np.random.Generator) -> Tensor:
    shifts = random.integers(-MAX_SHIFT, MAX_SHIFT, endpoint=True, size=(len(images), 2))
    padded = F.pad(images, [MAX_SHIFT] * 4)
    moved = [image[:, dy : dy + 28, dx : dx + 28] for image, (dy, dx) in zip(padded, shifts + MAX_SHIFT, strict=True)]
    return torch.stack(moved)


def _accuracy(model: MnistCnn, images: Tensor, labels: Tensor) -> float:
    with torch.inference_mode():
        return float((model(images).argmax(1) == labels).float().mean())


def main() -> None:
    """`python -m mnist.training FOLDER`."""
    parser = argparse.ArgumentParser(description="Train the MNIST network and write its weights and record.")
    parser.add_argument("folder", type=Path, help=f"where {WEIGHTS_FILE} and its .json go")
    args = parser.parse_args()
    start = time.monotonic()
    try:
        record = train(args.folder)
    except TrainingError as error:
        sys.exit(f"error: {error}")
    print(f"{args.folder / WEIGHTS_FILE}: held-out accuracy {record['held_out_accuracy']:.4f} on {len(record['held_out_ids'])} digits "
          f"({record['source']}), {time.monotonic() - start:.0f} s")  # fmt: skip


if __name__ == "__main__":
    main()
